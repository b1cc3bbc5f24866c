//! What `--out` names: a device, a FIFO or a link is never replaced, and a file keeps its permissions.

use super::{Scratch, rows};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

fn mine(scratch: &Scratch, out: &str) -> std::process::Output {
    let text =
        "mine --image-embeds i.npy --text-embeds t.npy --captions-per-image 2 --compute cpu --out";
    let arguments = text.split(' ').chain([out]);
    scratch.nearmiss(arguments).output().unwrap()
}

fn vectors() -> Scratch {
    let scratch = Scratch::new();
    rows(&scratch.path("i.npy"), 4, 1);
    rows(&scratch.path("t.npy"), 8, 2);
    scratch
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced_with_its_permissions() {
    let scratch = vectors();
    let real = scratch.path("real");
    std::fs::write(&real, "old").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink("real", scratch.path("link.jsonl")).unwrap();
    assert!(mine(&scratch, "link.jsonl").status.success());
    assert!(
        scratch
            .path("link.jsonl")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
    assert!(std::fs::read_to_string(&real).unwrap().starts_with('{'));
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn devices_and_fifos_are_written_into_and_stay() {
    let scratch = vectors();
    let fifo = scratch.path("fifo.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    symlink("/dev/null", scratch.path("null.jsonl")).unwrap();
    assert!(mine(&scratch, "null.jsonl").status.success());
    let mut reader = std::process::Command::new("cat");
    let reader = reader.arg(&fifo).stdout(std::process::Stdio::piped());
    let reader = reader.spawn().unwrap();
    assert!(mine(&scratch, "fifo.jsonl").status.success());
    let heard = reader.wait_with_output().unwrap().stdout;
    assert!(heard.starts_with(b"{") && heard.ends_with(b"}\n"));
    assert!(fifo.symlink_metadata().unwrap().file_type().is_fifo());
    std::fs::create_dir(scratch.path("folder.jsonl")).unwrap();
    let output = mine(&scratch, "folder.jsonl");
    assert!(super::said(&output).contains("a folder"));
    let null = std::fs::metadata("/dev/null").unwrap();
    assert!(null.file_type().is_char_device());
}

#[test]
fn a_fifo_is_no_input_and_is_not_waited_for() {
    let scratch = vectors();
    for name in ["f.npy", "f.jsonl", "f.tar", "f.parquet", "f.safetensors"] {
        let fifo = scratch.path(name);
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
    }
    for name in ["f.npy", "f.safetensors", "f.parquet"] {
        let text = "eval --text-embeds t.npy --compute cpu --captions-per-image 2 --image-embeds";
        let error = scratch.refused(text.split(' ').chain([name]));
        assert!(error.contains("a FIFO"), "{name}: {error}");
    }
    for name in ["f.jsonl", "f.tar"] {
        let error = scratch.refused(["convert", name, "out"]);
        assert!(error.contains("a FIFO"), "{name}: {error}");
    }
}
