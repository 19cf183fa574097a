//! What is promised about files beside decisions.
