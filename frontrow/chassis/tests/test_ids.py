from frontrow.chassis.ids import new_id


def test_ids_are_version_7_distinct_and_sort_by_time():
    made = [new_id() for _ in range(1000)]
    assert {one.version for one in made} == {7}
    assert len(set(made)) == 1000
    assert made == sorted(made)
