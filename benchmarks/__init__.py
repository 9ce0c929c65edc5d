"""The figures in the README and in docs/benchmarks.md, each as a ratio measured in one run."""
