//! Cost by the number of connections.

use std::net::{SocketAddr, TcpStream};

use crate::load::{self, Deliveries};
use crate::{grouped, memory, server};

pub(crate) fn print(is_full: bool) {
    println!("Deliveries of 1 KiB a second, by the number of connections:\n");
    println!("| connections | requests/s | memory for each idle connection, bytes |");
    println!("| --- | ---: | ---: |");
    let (requests, most) = if is_full { (60_000, 10_000) } else { (160, 10) };
    let server = server::start();
    let deliveries = |round| Deliveries::signed(1024, requests, round);
    load::requests_per_second(server, &deliveries(0), load::CONNECTIONS);
    for (round, idle) in
        [10, 100, 1_000, 9_000].into_iter().filter(|idle| *idle <= most).enumerate()
    {
        let before = memory::resident();
        let connections: Vec<TcpStream> = (0..idle).map(|_| open(server)).collect();
        let each = memory::resident().saturating_sub(before) / idle;
        let rate = load::requests_per_second(server, &deliveries(round + 1), load::CONNECTIONS);
        drop(connections);
        let busy = load::CONNECTIONS;
        println!("| {busy} busy, {} idle | {rate:.0} | {} |", grouped(idle), grouped(each));
    }
    for (round, busy) in
        [1, 10, 100, 1_000].into_iter().filter(|busy| *busy <= most as usize).enumerate()
    {
        let rate = load::requests_per_second(server, &deliveries(round + 10), busy);
        println!("| {} busy | {rate:.0} | |", grouped(busy as u64));
    }
}

/// A connection that the server has accepted, which has sent nothing.
fn open(server: SocketAddr) -> TcpStream {
    TcpStream::connect(server).unwrap()
}
