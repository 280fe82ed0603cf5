//! The Rust program of README.md: `cargo run --example ten_lines`.

use forebay::{QueueOptions, ReceiveOptions, Store};

fn main() -> forebay::Result<()> {
    let store = Store::open("./queues")?;
    let orders = store.create_queue("orders", &QueueOptions::new().visibility_timeout(30))?;
    orders.send("any bytes")?;
    for message in orders.receive(&ReceiveOptions::new().max(10).wait(20))? {
        println!("{}", String::from_utf8_lossy(message.body()));
        message.delete()?;
    }
    Ok(())
}
