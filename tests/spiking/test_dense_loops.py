from snn_credit.spiking.devices.cpp import row

FEEDBACK = """
const int32_t _postsynaptic_idx = _ptr_synaptic_post[_idx];
const int32_t _presynaptic_idx = _ptr_synaptic_pre[_idx];
float sum_pre = _ptr_low_sum[_presynaptic_idx];
sum_pre += _ptr_b[_idx] * _ptr_high_delta[_postsynaptic_idx];
_ptr_low_sum[_presynaptic_idx] = sum_pre;
"""


def test_the_loop_knows_both_neurons_without_looking_them_up() -> None:
    each = row(FEEDBACK).each
    assert "_postsynaptic_idx = _target;" in each
    assert "_presynaptic_idx = _source;" in each
    assert "_ptr_synaptic" not in each


def test_a_sum_of_the_source_is_held_and_put_back() -> None:
    made = row(FEEDBACK)
    assert made.before == "auto _held_ptr_low_sum = _ptr_low_sum[_source];"
    assert made.after == "_ptr_low_sum[_source] = _held_ptr_low_sum;"
    assert "_ptr_low_sum[" not in made.each


def test_what_is_only_read_of_the_source_is_not_put_back() -> None:
    made = row(["x += _ptr_low_h[_presynaptic_idx];"])
    assert made.before
    assert not made.after


def test_an_array_of_both_neurons_is_left_alone() -> None:
    code = FEEDBACK.replace("high_delta", "low_sum")
    assert not row(code).before
    assert "_ptr_low_sum[_presynaptic_idx] = sum_pre;" in row(code).each
