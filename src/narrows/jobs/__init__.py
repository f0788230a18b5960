"""Jobs on one's own pictures: a few words become an experiment with good defaults, and a run."""

from narrows.jobs.job import Job, ModelName, plan
from narrows.jobs.outlook import Outlook, carry_out, train
from narrows.jobs.size import choose_size
from narrows.jobs.words import Words, parse_words

__all__ = ["Job", "ModelName", "Outlook", "Words", "carry_out", "choose_size", "parse_words", "plan", "train"]
