"""Stands in for pandas where it is not installed: a table from a dictionary of lists, and back."""


class DataFrame:
    def __init__(self, data):
        self.data = {name: list(values) for name, values in data.items()}

    def to_dict(self, orient):
        return {name: list(values) for name, values in self.data.items()}
