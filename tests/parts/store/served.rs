//! Servers on this machine: a real one that speaks S3, and faulty ones of a few lines.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The credentials that the server accepts.
pub const KEY: &str = "AKNEARMISSTEST";
/// Its secret, which no message may hold.
pub const SECRET: &str = "secret-of-the-test-0123456789";

/// Runs `body` in a process of its own with `environment`, which no other test shares: credentials are taken from
/// there. `test` is `module_path!()` and the test's name.
pub fn alone(module: &str, test: &str, environment: &[(&str, &str)], body: impl FnOnce()) {
    const MARK: &str = "NEARMISS_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    let (_, module) = module.split_once("::").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([&format!("{module}::{test}"), "--exact", "--nocapture"]);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let settings = ["AWS_", "AZURE_", "GOOGLE_"]
            .iter()
            .any(|maker| text.starts_with(maker));
        if settings || text.to_ascii_lowercase().ends_with("_proxy") {
            child.env_remove(&name);
        }
    }
    // No login of the user's own is found there.
    let home = tempfile::tempdir().unwrap();
    child
        .env("HOME", home.path())
        .env(MARK, "1")
        .envs(environment.iter().copied());
    let output = child.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The path of an S3 server, or `None`, with a word of what is left out.
pub fn s3_server() -> Option<String> {
    let path = std::env::var("NEARMISS_S3_SERVER").ok();
    if path.is_none() {
        eprintln!("left out: NEARMISS_S3_SERVER is not set, the path of the program s3s-fs");
    }
    path
}

/// The environment of a user whose bucket is on `port`.
fn of_user(port: u16, secret: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_ALLOW_HTTP", "true".into()),
        ("AWS_ACCESS_KEY_ID", KEY.into()),
        ("AWS_SECRET_ACCESS_KEY", secret.into()),
    ]
}

/// Runs `body` alone, with a user's credentials and a port of their own.
pub fn as_user(module: &str, test: &str, secret: &str, more: &[(&str, &str)], body: impl FnOnce()) {
    let environment = of_user(free_port(), secret);
    let mut all: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    all.extend(more);
    alone(module, test, &all, body);
}

/// As [`as_user`], with the server started; left out without one.
pub fn with_server(module: &str, test: &str, secret: &str, body: impl FnOnce(S3)) {
    if let Some(path) = s3_server() {
        as_user(module, test, secret, &[], || body(S3::start(&path)));
    }
}

/// The port of `AWS_ENDPOINT_URL`.
pub fn port() -> u16 {
    let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
    endpoint.rsplit(':').next().unwrap().parse().unwrap()
}

/// A server that speaks S3, with the bucket `box`; it ends with this.
pub struct S3 {
    child: Child,
    /// Where its buckets lie.
    pub folder: tempfile::TempDir,
}

impl S3 {
    /// Starts one on the port of `AWS_ENDPOINT_URL`.
    pub fn start(path: &str) -> Self {
        let endpoint = std::env::var("AWS_ENDPOINT_URL").unwrap();
        let port = endpoint.rsplit(':').next().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("box")).unwrap();
        let child = Command::new(path)
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                port,
                "--access-key",
                KEY,
                "--secret-key",
                SECRET,
            ])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, folder };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port.parse().unwrap())).is_err() {
            assert!(Instant::now() < until, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers one request of each connection on `port` with what `answer` makes of its lines, and closes it. Gives how many
/// requests there were.
pub fn serve(
    port: u16,
    answer: impl Fn(&[String]) -> Vec<u8> + Send + Sync + 'static,
) -> Arc<AtomicUsize> {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (count, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let counter = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (counter, answer) = (Arc::clone(&counter), Arc::clone(&answer));
            std::thread::spawn(move || {
                let mut out = stream.unwrap();
                let mut input = BufReader::new(out.try_clone().unwrap());
                let lines = input.by_ref().lines().map_while(Result::ok);
                let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                // All of it is read: a client that still sends hears no answer.
                let length =
                    header(&request, "content-length").and_then(|length| length.parse().ok());
                let _ = std::io::copy(&mut input.take(length.unwrap_or(0)), &mut std::io::sink());
                if !request.is_empty() {
                    counter.fetch_add(1, Ordering::Relaxed);
                    // The client may be gone.
                    let _ = out.write_all(&answer(&request));
                }
            });
        }
    });
    count
}

/// What a request says in the header `name`, in small letters.
pub fn header(request: &[String], name: &str) -> Option<String> {
    let find = |line: &String| {
        Some(
            line.to_ascii_lowercase()
                .strip_prefix(name)?
                .strip_prefix(':')?
                .trim()
                .to_owned(),
        )
    };
    request.iter().find_map(find)
}

/// What a server says of an object, before it: of `length` bytes.
pub fn head(status: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nETag: \"e\"\r\nContent-Length: {length}\r\n\
         Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    )
}

/// A whole answer.
pub fn http(status: &str, body: &[u8]) -> Vec<u8> {
    [head(status, body.len()).as_bytes(), b"\r\n", body].concat()
}
