//! What is spoken over HTTP: the XML of requests and responses.

pub mod xml;
