//! countersign-conformance
