//! The program reaches out only where it is asked to: runs in object storage, and the fetching of ONNX Runtime. There is no
//! check for updates, and no word home.

use super::program;
use std::path::Path;

/// What opens connections.
const NETWORK: [&[&str]; 8] = [
    &["object_store"],
    &["reqwest"],
    &["hyper"],
    &["ureq"],
    &["std", "net", "TcpStream"],
    &["std", "net", "TcpListener"],
    &["std", "net", "UdpSocket"],
    &["std", "net", "ToSocketAddrs"],
];

#[test]
fn only_object_storage_and_the_installer_of_the_runtime_reach_out() {
    let mut stores = 0;
    for source in program() {
        let place = source.title();
        for name in &source.names {
            let parts: Vec<&str> = name.iter().map(String::as_str).collect();
            let said = parts.join("::");
            if NETWORK.iter().any(|kind| parts.starts_with(kind)) {
                assert!(
                    place.starts_with("crate::parts::store::object"),
                    "{place} names {said}"
                );
                stores += 1;
            }
            // Programs are Python, for the runtime, and the program itself, started anew.
            if parts.starts_with(&["std", "process", "Command"]) {
                let may =
                    place.starts_with("crate::runtime") || source.path == Path::new("main.rs");
                assert!(may, "{place} names {said}");
            }
            // Fetching is a command of its own, and a button.
            if parts == ["crate", "runtime", "install"] {
                let may = ["crate::cli::runtime", "crate::desktop::core::jobs"];
                assert!(may.contains(&place.as_str()), "{place} names {said}");
            }
        }
    }
    assert!(stores > 0, "the names of object storage are not seen");
}
