"""From logs to a forward model: read -> resample -> fold by run -> fit -> choose on multi-step error -> write.

Runs are whole: a run trains, or it judges, never both, and no sample crosses from one to the other.
"""
