"""Figures that hold on any machine: each is a ratio of two measurements of the same run."""
