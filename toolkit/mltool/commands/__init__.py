"""One file a verb: gather → decide → deliver, with every edge as an argument."""
