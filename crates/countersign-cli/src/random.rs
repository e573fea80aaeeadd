//! Random numbers from the operating system.

use ring::rand::SystemRandom;

use crate::usage_error::UsageError;

pub(crate) fn bits_128() -> Result<u128, UsageError> {
    let random = ring::rand::generate::<[u8; 16]>(&SystemRandom::new())
        .map_err(|_| UsageError::new("the operating system returned no random numbers"))?;
    Ok(u128::from_ne_bytes(random.expose()))
}

/// 128 random bits, in hexadecimal.
pub(crate) fn hex_128() -> Result<String, UsageError> {
    Ok(format!("{:032x}", bits_128()?))
}
