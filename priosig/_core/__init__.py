"""What every other package uses: the cache, atomic writes, progress, checks of arguments. Imports none of them."""
