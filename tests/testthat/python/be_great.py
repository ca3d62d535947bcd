"""A stand-in with the calls of be_great that gen_python() makes: samples rows of the data, and spoils some."""
import random


class GReaT:
    def __init__(self, llm, epochs=100, batch_size=8, spoil=0):
        self.llm, self.spoil = llm, spoil

    def fit(self, data, column_names=None):
        self.columns = data.to_dict("list")
        return self

    def sample(self, n_samples, max_length=100):
        import pandas
        size = len(next(iter(self.columns.values())))
        rows = [random.randrange(size) for _ in range(n_samples)]
        made = {name: [x[i] for i in rows] for name, x in self.columns.items()}
        first = next(iter(made))
        for i in range(min(self.spoil, n_samples)):
            made[first][i] = "nonsense"
        return pandas.DataFrame(made)
