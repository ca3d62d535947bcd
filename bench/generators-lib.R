# The data sets, generators and scores of bench/generators.R.
