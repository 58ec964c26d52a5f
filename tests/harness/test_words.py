from snn_credit.harness import file_name, roughly


def test_times_are_said_in_minutes_and_then_in_hours() -> None:
    assert roughly(100) == "2 minutes"
    assert roughly(7199) == "120 minutes"
    assert roughly(7201) == "2 hours"


def test_names_of_files_have_letters_and_digits() -> None:
    assert file_name("BP + noise: ResNet-8") == "bp___noise__resnet_8"
