"""Where every tensor lives: the memory plan of a network."""

from nn4mc.plan.layout import Copy, Location, Plan, Region
from nn4mc.plan.planner import make_plan
from nn4mc.plan.unread import shown_outputs, unread_outputs

__all__ = ["Copy", "Location", "Plan", "Region", "make_plan", "shown_outputs", "unread_outputs"]
