//! Cost by the number of active secrets.

use countersign_benches::{Delivery, SECRET};
use countersign_core::{Secret, Secrets, Verifier, VerifyErrorKind};
use countersign_schemes as schemes;

use crate::nanoseconds;

pub(crate) fn print(is_full: bool) {
    println!("Verification of 512 bytes by the number of secrets, in nanoseconds:\n");
    println!("| secrets | signed with the first | signed with the last | forged |");
    println!("| ---: | ---: | ---: | ---: |");
    let delivery = Delivery::signed("venum", 512);
    let forged = delivery.clone().with_header("x-venum-signature", &forged(&delivery));
    for count in [1, 2, 4, 8, 16] {
        let first = verifier(count, 0);
        let last = verifier(count, count - 1);
        let verify = |verifier: &Verifier| {
            nanoseconds(is_full, || {
                verifier.verify(&delivery.headers, delivery.body.clone()).unwrap();
            })
        };
        let reject = nanoseconds(is_full, || {
            let error = first.verify(&forged.headers, forged.body.clone()).unwrap_err();
            assert_eq!(error.kind(), VerifyErrorKind::SignatureMismatch);
        });
        println!("| {count} | {:.0} | {:.0} | {reject:.0} |", verify(&first), verify(&last));
    }
}

/// The secret of the delivery is at this place; the others are different.
fn verifier(count: usize, place: usize) -> Verifier {
    let secret = |index: usize| {
        let text =
            if index == place { SECRET.to_owned() } else { format!("another secret, {index:08}") };
        Secret::new(text).unwrap()
    };
    let secrets = (1..count)
        .fold(Secrets::new(secret(0)), |secrets, index| secrets.with_previous(secret(index)));
    Verifier::new(schemes::venum(), secrets).unwrap()
}

/// The header with another last digit.
fn forged(delivery: &Delivery) -> String {
    let header = delivery.header("x-venum-signature");
    let (start, last) = header.split_at(header.len() - 1);
    format!("{start}{}", if last == "0" { '1' } else { '0' })
}
