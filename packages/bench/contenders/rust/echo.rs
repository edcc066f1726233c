//! Echo with Rust's standard library: a thread and a buffer of 256 KiB for each connection.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const BUFFER_SIZE: usize = 256 * 1024;
const STACK_SIZE: usize = 64 * 1024;

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length])?;
    }
}

fn main() {
    let port: u16 = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or_else(|| {
            eprintln!("usage: echo PORT");
            std::process::exit(2)
        });
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| {
        eprintln!("cannot listen on {port}: {error}");
        std::process::exit(1)
    });
    for stream in listener.incoming() {
        match stream {
            // A client that resets its connection is no failure of the server.
            Ok(stream) => {
                let started = thread::Builder::new().stack_size(STACK_SIZE).spawn(move || {
                    let _ = echo(stream);
                });
                if let Err(error) = started {
                    eprintln!("cannot start a thread: {error}");
                }
            }
            Err(error) => eprintln!("cannot accept: {error}"),
        }
    }
}
