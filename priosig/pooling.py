"""From frames over time to one embedding per segment: mean and standard deviation.

MuQ gives a vector for every 40 ms; the probe needs one row per segment. Model A's row is the mean of each
dimension over time followed by its standard deviation, so a D-wide encoder gives 2D features. The standard
deviation is the unbiased one (division by T - 1), as in the study; the quality head pools with the population
one and does so itself (`priosig.head`). Pooling forgets order: shuffled frames give the same embedding.
"""

import numpy as np


def stats_pool(frames) -> np.ndarray:
    """Mean and unbiased standard deviation of the frames over time.

    Sums are taken in float64 whatever the input's type, so that neither the number of frames nor a large
    offset costs digits.

    Parameters
    ----------
    frames : np.ndarray or torch.Tensor, shape (T, D)
        One row per frame; T >= 2, since one frame has no standard deviation.

    Returns
    -------
    np.ndarray, float32, shape (2 D,)
        The D means, then the D standard deviations.

    Raises
    ------
    ValueError
        If the shape is not (T, D) with T >= 2 and D >= 1, or an entry is NaN or infinite.

    Examples
    --------
    >>> stats_pool(np.array([[1.0, 5.0], [3.0, 7.0], [5.0, 9.0]])).tolist()
    [3.0, 7.0, 2.0, 2.0]
    """
    if hasattr(frames, "detach"):  # a torch tensor, perhaps on another device; numpy has no bfloat16
        frames = frames.detach().cpu().double().numpy()
    frames = np.asarray(frames, dtype=np.float64)
    if frames.ndim != 2 or frames.shape[0] < 2 or frames.shape[1] < 1:
        raise ValueError(f"frames: shape {frames.shape}; expected (T, D), at least 2 frames over time")
    if not np.isfinite(frames).all():
        n_bad = np.count_nonzero(~np.isfinite(frames))
        raise ValueError(f"frames: {n_bad} entries are NaN or infinite; expected numbers")
    pooled = np.concatenate([frames.mean(axis=0), frames.std(axis=0, ddof=1)])
    return pooled.astype(np.float32)
