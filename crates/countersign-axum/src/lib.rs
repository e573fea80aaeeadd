//! countersign-axum
