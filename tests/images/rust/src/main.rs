//! A small shop. GET /NAME calls the function of that name.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::process::Command;
use std::{env, fs, thread};

use chrono::{Local, TimeZone};
use native_tls::{Identity, TlsAcceptor, TlsConnector};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;
use tiny_http::{Request, Response, Server};

type Answer = Result<String, Box<dyn std::error::Error>>;

/// The value of `name = value` in the settings.
fn setting(name: &str) -> Answer {
    let path = env::var("SHOP_SETTINGS")?;
    let text = fs::read_to_string(&path).map_err(|failure| format!("{path}: {failure}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('='));
    Ok(line.ok_or("no such setting")?.trim().trim_matches('"').to_string())
}

fn page(path: &str) -> Answer {
    Ok(fs::read_to_string(format!("/srv/pages/{path}"))?)
}

fn local() -> Answer {
    Ok(Local.timestamp_opt(1_719_835_200, 0).single().ok_or("no such time")?.format("%H:%M %z").to_string())
}

fn who() -> Answer {
    let address = ("localhost", 80).to_socket_addrs()?.find(|address| address.is_ipv4()).ok_or("no address")?;
    Ok(format!("{} in {}", address.ip(), env::current_dir()?.display()))
}

fn run() -> Answer {
    let out = Command::new("sh").args(["-c", "echo $((6 * 7)) | tr 4 5"]).output()?;
    Ok(String::from_utf8(out.stdout)?.trim().to_string())
}

fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    for stream in listener.incoming().take(2).flatten() {
        if let Ok(mut secured) = acceptor.accept(stream) {
            let _ = secured.write_all(b"hello");
            let _ = secured.shutdown();
        }
    }
}

fn ask(connector: &TlsConnector, port: u16) -> Answer {
    let mut text = String::new();
    connector.connect("localhost", TcpStream::connect(("127.0.0.1", port))?)?.read_to_string(&mut text)?;
    Ok(text)
}

/// A conversation over TLS with a server that the system's trust store vouches for, and with one who trusts nobody.
fn secure() -> Answer {
    let identity = Identity::from_pkcs8(&fs::read("/srv/tls/cert.pem")?, &fs::read("/srv/tls/key.pem")?)?;
    let acceptor = TlsAcceptor::new(identity)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || serve(listener, acceptor));
    let answer = ask(&TlsConnector::new()?, port)?;
    let stranger = TlsConnector::builder().disable_built_in_roots(true).build()?;
    Ok(format!("{answer}, {}", if ask(&stranger, port).is_err() { "a stranger is refused" } else { "open to all" }))
}

fn names() -> Answer {
    let users = fs::read_to_string("/etc/passwd")?;
    Ok(users.lines().filter_map(|line| line.split(':').next()).filter(|name| *name == "app").collect())
}

fn answer(url: &str) -> Answer {
    match url {
        "/" => page("index.html"),
        "/greeting" => setting("greeting"),
        "/local" => local(),
        "/who" => who(),
        "/run" => run(),
        "/secure" => secure(),
        "/names" => names(),
        _ => Err("there is no such page".into()),
    }
}

fn respond(request: Request) {
    let (status, text) = match answer(request.url()) {
        Ok(text) => (200, text),
        Err(failure) => (500, failure.to_string()),
    };
    let _ = request.respond(Response::from_string(text).with_status_code(status));
}

fn heed_signals() {
    let mut signals = Signals::new([SIGTERM, SIGHUP]).expect("signals can be caught");
    thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGTERM {
                std::process::exit(0);
            }
            println!("reloaded: {}", setting("greeting").unwrap_or_default());
        }
    });
}

fn main() {
    heed_signals();
    let port = setting("port").unwrap_or_else(|failure| {
        eprintln!("shop: {failure}");
        std::process::exit(3);
    });
    let server = Server::http(format!("0.0.0.0:{port}")).expect("the port is free");
    for request in server.incoming_requests() {
        respond(request);
    }
}
