//! countersign-tower
