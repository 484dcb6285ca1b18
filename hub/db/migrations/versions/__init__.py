"""The migrations, written by `python -m scripts.migration` and read over by a person."""
