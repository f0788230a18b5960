"""What training minimises: a reconstruction loss and penalties on the latent."""

from narrows.objective.match import match
from narrows.objective.objective import Objective
from narrows.objective.penalties import L1, PENALTIES, KLSparsity, KLToPrior
from narrows.objective.reconstruction import RECONSTRUCTION_LOSSES

__all__ = ["L1", "PENALTIES", "RECONSTRUCTION_LOSSES", "KLSparsity", "KLToPrior", "Objective", "match"]
