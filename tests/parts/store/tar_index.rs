//! An archive's members by its headers alone, compared with those that the `tar` crate reads.

use super::{in_folder, noise};
use nearmiss::parts::store::{Member, Store, members};
use nearmiss::task::Task;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// What the `tar` crate says of the archive at `path`.
fn by_tar(path: &Path) -> Vec<Member> {
    let mut archive = tar::Archive::new(File::open(path).unwrap());
    let entries = archive.entries_with_seek().unwrap().map(Result::unwrap);
    entries
        .filter(|entry| {
            entry.header().entry_type().is_file() || entry.header().entry_type().is_contiguous()
        })
        .map(|entry| Member {
            name: String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
            offset: entry.raw_file_position(),
            length: entry.size(),
        })
        .collect()
}

fn indexed(store: &Store, name: &str) -> Vec<Member> {
    members(store, name, &Task::detached()).unwrap()
}

fn header(kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// An archive with members of many kinds.
fn various() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |kind: tar::EntryType, name: &str, content: &[u8]| {
        let mut header = header(kind, content.len() as u64);
        builder.append_data(&mut header, name, content).unwrap();
    };
    use tar::EntryType as Kind;
    add(Kind::Directory, "folder/", b"");
    add(Kind::Regular, "folder/a.jpg", &noise(70_000));
    add(Kind::Regular, "folder/empty.txt", b"");
    add(Kind::Regular, "folder/block.txt", &[7; 512]);
    add(
        Kind::Regular,
        &format!("{}ä.txt", "long/".repeat(60)),
        b"long",
    );
    add(Kind::Continuous, "contiguous", b"as a file");
    // Larger than what is read at a time.
    add(Kind::Regular, "large.bin", &noise(3 << 20));
    let mut link = header(Kind::Symlink, 0);
    builder
        .append_link(&mut link, "link", "folder/a.jpg")
        .unwrap();
    let mut link = header(Kind::Symlink, 0);
    builder
        .append_link(&mut link, "l".repeat(200), "t".repeat(300))
        .unwrap();
    for i in 0..3000 {
        let content = noise(i % 700);
        let mut header = header(Kind::Regular, content.len() as u64);
        builder
            .append_data(&mut header, format!("many/{i:05}.txt"), &*content)
            .unwrap();
    }
    let path = "p".repeat(150);
    builder
        .append_pax_extensions([("path", path.as_bytes()), ("comment", b"a=b\nc")])
        .unwrap();
    let mut told = header(Kind::Regular, 3);
    builder
        .append_data(&mut told, "short", &b"pax"[..])
        .unwrap();
    let mut ustar = tar::Header::new_ustar();
    ustar
        .set_path(format!("{}file.txt", "prefix/".repeat(18)))
        .unwrap();
    ustar.set_size(5);
    ustar.set_cksum();
    builder.append(&ustar, &b"ustar"[..]).unwrap();
    let mut old = tar::Header::new_old();
    old.set_path("old.txt").unwrap();
    old.set_entry_type(Kind::Regular);
    old.set_size(3);
    old.set_cksum();
    builder.append(&old, &b"old"[..]).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn members_are_those_that_tar_reads() {
    let (folder, store) = in_folder();
    let bytes = various();
    store.write("a.tar", &bytes).unwrap();
    let found = indexed(&store, "a.tar");
    assert_eq!(found, by_tar(&folder.path().join("a.tar")));
    assert_eq!(found.len(), 3009);
    for member in &found {
        let range = member.offset..member.offset + member.length;
        assert_eq!(
            store.read_range("a.tar", range.clone()).unwrap(),
            bytes[range.start as usize..range.end as usize]
        );
    }
    store.write("empty.tar", &[0; 1024]).unwrap();
    assert_eq!(indexed(&store, "empty.tar"), []);
}

#[test]
fn sizes_above_8_gib_are_skipped_over() {
    let (folder, store) = in_folder();
    let path = folder.path().join("huge.tar");
    let mut file = File::create(&path).unwrap();
    let add = |file: &mut File, header: &tar::Header, hole: u64| {
        file.write_all(header.as_bytes()).unwrap();
        // Not written: a hole.
        file.seek(SeekFrom::Current(hole.next_multiple_of(512) as i64))
            .unwrap();
    };
    let named = |name: &str, size: u64| {
        let mut header = header(tar::EntryType::Regular, size);
        header.set_path(name).unwrap();
        header.set_cksum();
        header
    };
    // To the base 256, as the field has no room for its octal digits.
    add(
        &mut file,
        &named("base256.bin", (9 << 30) + 1),
        (9 << 30) + 1,
    );
    let mut small = named("small.txt", 5);
    add(&mut file, &small, 5);
    // In a PAX record, with nothing in the header itself.
    let size = 10_u64 << 30;
    let record = format!("20 size={size}\n");
    assert_eq!(record.len(), 20);
    add(&mut file, &header(tar::EntryType::XHeader, 20), 0);
    file.write_all(record.as_bytes()).unwrap();
    file.seek(SeekFrom::Current(512 - 20)).unwrap();
    add(&mut file, &named("pax.bin", 0), size);
    small.set_path("last.txt").unwrap();
    small.set_cksum();
    add(&mut file, &small, 5);
    let end = file.stream_position().unwrap() + 1024;
    file.set_len(end).unwrap();
    let found = indexed(&store, "huge.tar");
    assert_eq!(found, by_tar(&path));
    let lengths: Vec<u64> = found.iter().map(|member| member.length).collect();
    assert_eq!(lengths, [(9 << 30) + 1, 5, 10 << 30, 5]);
}

/// What is said of `bytes`.
fn said_of(store: &Store, bytes: &[u8]) -> String {
    store.write("torn.tar", bytes).unwrap();
    members(store, "torn.tar", &Task::detached())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_torn_end_is_told_by_its_place() {
    let (_folder, store) = in_folder();
    let mut builder = tar::Builder::new(Vec::new());
    for name in ["a", "b"] {
        let mut header = header(tar::EntryType::Regular, 600);
        builder
            .append_data(&mut header, name, &[1; 600][..])
            .unwrap();
    }
    let whole = builder.into_inner().unwrap();
    // Two headers, two contents of two blocks each, and the end.
    assert_eq!(whole.len(), 6 * 512 + 1024);
    for (length, at) in [
        (0, 0),
        (100, 0),
        (512, 512),
        (1100, 512),
        (1535, 512),
        (1536, 1536),
        (1600, 1536),
        (3071, 2048),
    ] {
        let error = said_of(&store, &whole[..length]);
        assert!(
            error.contains(&format!("from byte {at} on")),
            "{length}: {error}"
        );
    }
    assert!(said_of(&store, &whole[..3072]).contains("byte 3072 on"));
    assert!(said_of(&store, &whole[..3072 + 512]).contains("byte 3584 on"));
    assert!(said_of(&store, &whole[..3072 + 1000]).contains("byte 3584 on"));
    let mut damaged = whole.clone();
    damaged[1536 + 3] ^= 1;
    assert!(said_of(&store, &damaged).contains("byte 1536 on: there is no header"));
    assert!(said_of(&store, &noise(4096)).contains("byte 0 on"));
    let mut sparse = header(tar::EntryType::GNUSparse, 512);
    sparse.set_path("holes").unwrap();
    sparse.set_cksum();
    assert!(said_of(&store, &[sparse.as_bytes(), &[0; 2048][..]].concat()).contains("sparse"));
    let cancelled = Task::detached();
    cancelled.cancel();
    store.write("a.tar", &whole).unwrap();
    assert!(
        members(&store, "a.tar", &cancelled)
            .unwrap_err()
            .is_cancelled()
    );
    assert!(members(&store, "none.tar", &Task::detached()).is_err());
}

#[test]
fn damaged_archives_end_in_an_error_or_in_members_within_them() {
    let (_folder, store) = in_folder();
    let (whole, chance) = (various(), noise(12_000));
    let start = whole.len() - 8 * 1024;
    let whole = [&whole[..2048], &whole[start..]].concat();
    for round in chance.chunks_exact(40) {
        let mut bytes = whole.clone();
        for hit in round.chunks_exact(10) {
            let at = (usize::from(hit[0]) << 8 | usize::from(hit[1])) % bytes.len();
            bytes[at] = hit[2];
            // A header that is damaged and says it is not.
            let block = at / 512 * 512;
            if hit[3] & 1 == 0 {
                let mut header = tar::Header::new_old();
                header
                    .as_mut_bytes()
                    .copy_from_slice(&bytes[block..block + 512]);
                header.set_cksum();
                bytes[block..block + 512].copy_from_slice(header.as_bytes());
            }
        }
        store.write("a.tar", &bytes).unwrap();
        for member in members(&store, "a.tar", &Task::detached())
            .into_iter()
            .flatten()
        {
            assert!(member.offset + member.length <= bytes.len() as u64);
        }
    }
}
