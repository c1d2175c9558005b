"""The command `priosig`: a subcommand a module, each of which only parses, calls the library, and prints."""
