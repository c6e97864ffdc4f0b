"""The paper's predictors and a software baseline, to compare with."""
