//! The engine against a scripted log.
