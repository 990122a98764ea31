"""A flight's record as arrays."""

import numpy as np
from flights import make_record

from nn4mc.hil.record import FlightRecord


def test_columns_have_one_row_a_step_and_keep_the_bits():
    record = make_record(5)
    columns = record.columns()
    assert len(record) == 5
    assert columns.sensors.shape == (5, 13)
    assert columns.command.dtype == np.float32
    assert columns.position.dtype == np.float64
    assert columns.time_s.tolist() == [step.time_s for step in record.steps]
    assert columns.sensors[3].tobytes() == record.steps[3].sensors.tobytes()


def test_a_record_can_be_read_while_it_grows():
    record = FlightRecord()
    assert record.columns().time_s.size == 0
    record.append(make_record(1).steps[0])
    assert record.columns().position.shape == (1, 3)
