"""Who lives in the local cloud of the tests."""

ACCOUNTS = {
    "consumer": "111111111111",
    "central": "222222222222",
    "owner": "333333333333",
    "intruder": "444444444444",
}
OUTSIDE = {"stranger": "555555555555"}
