//! Nothing. The benchmark is `benches/watching.rs`.
