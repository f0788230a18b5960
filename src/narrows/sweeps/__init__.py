"""Sweeps: one experiment at many settings, each point an ordinary run, and one report."""

from narrows.sweeps.points import Point
from narrows.sweeps.sweeping import Sweep, ask, carry_out, sweep
from narrows.sweeps.training import State

__all__ = ["Point", "State", "Sweep", "ask", "carry_out", "sweep"]
