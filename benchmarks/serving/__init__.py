"""The cost of serving one model: mltool's server beside five others."""
