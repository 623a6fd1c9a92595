"""The tables and figures of the paper, run again: which networks each needs, and how it is drawn.

    experiment -> trials -> runs -> scores -> tables and figures

An experiment (``table4``, ``fig6``, ...) is a list of trials: a loss with its options on a network, a share
of the pictures, a number of steps. A trial and a seed make a run, which :mod:`sporemetry.training.run`
trains; trials that several experiments share are trained once. Each run is scored once on the test part, and
what was counted is kept as JSON; tables and figures are drawn from these. How large all this is, is a scale.

The paper is Zhao et al. 2019, doi 10.1109/ACCESS.2019.2953085.
"""
