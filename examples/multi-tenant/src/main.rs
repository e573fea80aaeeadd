//! Serves the customers in `CUSTOMERS` (`acme=SECRET globex=SECRET`) on port 3000, until it is
//! terminated.

use std::error::Error;

use countersign::serve::{Serve, shutdown_signal};
use example_multi_tenant::{Customers, app, verifier};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let customers = Customers::default();
    let given = std::env::var("CUSTOMERS").map_err(
        |_| "set CUSTOMERS to the customers and their secrets: acme=SECRET globex=SECRET",
    )?;
    for customer in given.split_whitespace() {
        let (name, secret) = customer.split_once('=').ok_or("write acme=SECRET")?;
        customers.add_secret(name, secret);
    }
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let app = app(verifier(customers)?);
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    Ok(())
}
