"""The training kit: losses, networks, sampling, loop. Everything here needs the extra ``train`` (PyTorch)."""
