"""A stand-in with the calls of ctgan that gen_python() makes. Like ctgan it refuses missing values."""
import random


class CTGAN:
    def __init__(self, epochs=300, batch_size=500):
        self.epochs = epochs

    def fit(self, train_data, discrete_columns=()):
        self.columns = train_data.to_dict("list")
        self.discrete = list(discrete_columns)
        for name, values in self.columns.items():
            if any(v is None or v != v for v in values):
                raise ValueError("missing values in " + name)
            if (name in self.discrete) != isinstance(values[0], str):
                raise ValueError(name + " is not of the kind stated")

    def sample(self, n, condition_column=None, condition_value=None):
        import pandas
        size = len(next(iter(self.columns.values())))
        rows = [random.randrange(size) for _ in range(n)]
        return pandas.DataFrame({name: [x[i] for i in rows] for name, x in self.columns.items()})


class TVAE(CTGAN):
    pass
