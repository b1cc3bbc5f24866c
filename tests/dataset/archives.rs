//! `WebDataset` archives, and what can be wrong with an archive.

use super::{Folder, groups, png, problems, refused, says};
use nearmiss::dataset::{Dataset, Stored};
use std::io::{Seek, SeekFrom, Write};
use std::time::Instant;

/// A header as the archive has it, whatever the name.
fn header(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// An archive of these files.
pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let header = header(name, content.len() as u64);
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(super) fn one(files: &[(&str, &[u8])]) -> (Folder, Dataset) {
    let folder = Folder::with(&[]);
    folder.write("a.tar", tar(files));
    let dataset = folder.open_file("a.tar").unwrap();
    (folder, dataset)
}

#[test]
fn samples_share_a_name_up_to_the_first_dot() {
    let picture = png();
    let (folder, dataset) = one(&[
        ("./0.png", &picture),
        ("./0.txt", b"one, two\r\n\n three\t3 \n"),
        ("./0.json", br#"{"url": "x", "width": 3}"#),
        ("x.y/1.seg.png", b"a mask"),
        ("x.y/1.PNG", &picture),
        ("x.y/1.json", br#"{"captions": ["four", "five"]}"#),
        ("2.cls", b"1\n"),
        ("2.png", &picture),
        ("3.caption", "caf\u{e9}".as_bytes()),
        ("3.png", &picture),
        ("4.png", &picture),
        ("4.txt", b"\xEF\xBB\xBFwith a mark, and Latin \xE9"),
        ("__key__", b""),
        ("._0.txt", b"hidden"),
    ]);
    let expected = [
        ("0.png", vec!["one, two", "three\t3"]),
        ("x.y/1.PNG", vec!["four", "five"]),
        ("2.png", vec!["1"]),
        ("3.png", vec!["caf\u{e9}"]),
        ("4.png", vec!["with a mark, and Latin \u{FFFD}"]),
    ];
    assert_eq!(groups(&dataset), expected);
    assert!(problems(&dataset).is_empty(), "{:?}", problems(&dataset));
    assert_eq!(dataset.format, "WebDataset (a.tar)");
    for image in &dataset.images {
        assert_eq!(image.bytes().unwrap(), picture);
        let opened = image.open().unwrap();
        assert_eq!((opened.width, opened.height), (3, 2));
    }
    // The names of classes beside the archive.
    folder.write("classnames.txt", "a cat\na dog\n");
    assert_eq!(groups(&folder.open().unwrap())[2].1, ["a dog"]);
}

#[test]
fn captions_of_any_number_and_duplicates_are_kept_or_listed() {
    let picture = png();
    let fifty: Vec<String> = (0..50).map(|i| format!("caption {i}")).collect();
    let fifty = fifty.join("\n");
    let other = [&picture[..], b"more"].concat();
    let (_folder, dataset) = one(&[
        ("0.png", &picture),
        ("1.png", &picture),
        ("1.txt", fifty.as_bytes()),
        ("1.png", &other),
        ("1.txt", b"again"),
        ("2.txt", b"without a picture"),
        ("3.png", &picture),
        ("3.json", b"{broken"),
        ("4.png", b"not a picture"),
        ("4.txt", b"four"),
    ]);
    assert_eq!(dataset.captions_of(0), 0..50);
    assert_eq!(dataset.captions[49], "caption 49");
    assert_eq!(dataset.images[0].bytes().unwrap(), picture);
    let problems = problems(&dataset);
    assert_eq!(problems.len(), 6, "{problems:?}");
    for (problem, parts) in problems.iter().zip([
        ["a.tar: 1.png", "second picture"],
        ["a.tar: 1.txt", "second text"],
        ["a.tar: 3.json", "not valid JSON"],
        ["a.tar: 2", "has no picture"],
        ["0.png", "has no caption"],
        ["3.png", "has no caption"],
    ]) {
        says(problem, &parts);
    }
    let message = refused(dataset.images[1].open());
    says(&message, &["a.tar: 4.png", "not a picture"]);
}

#[test]
fn names_that_lead_outside_are_only_names() {
    let picture = png();
    let (folder, dataset) = one(&[
        ("/etc/a.png", &picture),
        ("/etc/a.txt", b"absolute"),
        ("../../b.png", &picture),
        ("../../b.txt", b"above"),
        ("C:\\x\\..\\c.png", &picture),
        ("C:\\x\\..\\c.txt", b"drive"),
    ]);
    let expected = [
        ("etc/a.png", vec!["absolute"]),
        ("b.png", vec!["above"]),
        ("x/c.png", vec!["drive"]),
    ];
    assert_eq!(groups(&dataset), expected);
    let archive = folder.path("a.tar");
    for image in &dataset.images {
        assert!(
            matches!(&image.picture, Some(Stored::Span { archive: a, .. }) if ***a == *archive)
        );
        assert_eq!(image.bytes().unwrap(), picture);
    }
    assert_eq!(std::fs::read_dir(folder.0.path()).unwrap().count(), 1);
}

#[test]
fn long_names_of_both_kinds_read() {
    let picture = png();
    let long = format!("{}/caf\u{e9}", "a-long-folder".repeat(12));
    let mut builder = tar::Builder::new(Vec::new());
    // The GNU way, made by the builder where the name is too long.
    let mut plain = header("", picture.len() as u64);
    builder
        .append_data(&mut plain, format!("{long}.png"), &*picture)
        .unwrap();
    let mut plain = header("", 3);
    builder
        .append_data(&mut plain, format!("{long}.txt"), &b"one"[..])
        .unwrap();
    // The POSIX way.
    for (ending, content) in [("png", &*picture), ("txt", b"two")] {
        let path = format!("pax/{long}.{ending}");
        builder
            .append_pax_extensions([("path", path.as_bytes())])
            .unwrap();
        builder
            .append(&header("short", content.len() as u64), content)
            .unwrap();
    }
    let folder = Folder::with(&[]);
    folder.write("a.tar", builder.into_inner().unwrap());
    let dataset = folder.open().unwrap();
    let names = [format!("{long}.png"), format!("pax/{long}.png")];
    let expected = [(&*names[0], vec!["one"]), (&*names[1], vec!["two"])];
    assert_eq!(groups(&dataset), expected);
    assert_eq!(dataset.images[1].bytes().unwrap(), picture);
}

#[test]
fn a_cut_archive_keeps_what_is_whole_and_says_so() {
    let picture = png();
    let files: [(&str, &[u8]); 4] = [
        ("0.png", &picture),
        ("0.txt", b"zero"),
        ("1.txt", b"one"),
        ("1.png", &picture),
    ];
    let whole = tar(&files);
    let folder = Folder::with(&[]);
    // Within the last picture, within its header, before it, and before the end mark.
    let last = 512 + picture.len().div_ceil(512) * 512 + 4 * 512;
    for (cut, what) in [
        (last + 512 + 20, "is cut off within 1.png"),
        (last + 100, "is cut off after 1.txt"),
        (last, "lacks its end"),
    ] {
        folder.write("a.tar", &whole[..cut]);
        let dataset = folder.open().unwrap();
        assert_eq!(groups(&dataset), [("0.png", vec!["zero"])], "{what}");
        let problems = problems(&dataset).join("\n");
        says(&problems, &["a.tar", what]);
    }
    folder.write("a.tar", &whole[..whole.len() - 1024]);
    let dataset = folder.open().unwrap();
    assert_eq!(dataset.images.len(), 2);
    says(&problems(&dataset).join("\n"), &["lacks its end"]);
    // A file that shrinks later is an error of its picture.
    folder.write("a.tar", &whole[..last]);
    says(&refused(dataset.images[1].bytes()), &["a.tar", "shorter"]);

    folder.write("a.tar", vec![7; 4096]);
    says(&refused(folder.open()), &["a.tar", "not a tar archive"]);
    folder.write("a.tar", tar(&[("a.png", &picture)]));
    says(
        &refused(folder.open()),
        &["no picture with a caption", "a.txt"],
    );
    folder.write("a.tar", "");
    says(&refused(folder.open_file("a.tar")), &["is empty (0 bytes)"]);
    folder.write("b.tar.gz", [0x1F, 0x8B, 8, 0, 0, 0]);
    says(
        &refused(folder.open_file("b.tar.gz")),
        &["compressed", "Unpack"],
    );
}

#[test]
fn shards_come_in_the_order_of_their_numbers_and_one_split_is_kept() {
    let folder = Folder::with(&[]);
    let shard = |caption: &str| tar(&[("0.png", &png()), ("0.txt", caption.as_bytes())]);
    for (name, caption) in [
        ("test/10.tar", "eleven"),
        ("test/2.tar", "three"),
        ("train/0.tar", "other"),
    ] {
        folder.write(name, shard(caption));
    }
    folder.write("test/3.tar", "no archive");
    let dataset = folder.open().unwrap();
    assert_eq!(
        groups(&dataset),
        [
            ("test/2/0.png", vec!["three"]),
            ("test/10/0.png", vec!["eleven"])
        ]
    );
    assert_eq!(
        dataset.format,
        "WebDataset (3 files, split test of 4 files)"
    );
    says(&problems(&dataset)[0], &["3.tar", "not a tar archive"]);
}

#[test]
fn pictures_are_skipped_however_large() {
    const SIZE: u64 = 6 << 30;
    let folder = Folder::with(&[]);
    let picture = png();
    let mut file = std::fs::File::create(folder.path("a.tar")).unwrap();
    file.write_all(header("0.png", SIZE).as_bytes()).unwrap();
    file.seek(SeekFrom::Current(SIZE as i64)).unwrap();
    file.write_all(&tar(&[
        ("0.txt", b"huge"),
        ("1.png", &picture),
        ("1.txt", b"small"),
    ]))
    .unwrap();
    let start = Instant::now();
    let dataset = folder.open().unwrap();
    assert!(start.elapsed().as_secs_f32() < 1.0, "{:?}", start.elapsed());
    assert_eq!(
        groups(&dataset),
        [("0.png", vec!["huge"]), ("1.png", vec!["small"])]
    );
    assert_eq!(dataset.images[1].bytes().unwrap(), picture);
}

#[test]
fn a_caption_file_goes_before_an_archive_beside_it() {
    let folder = Folder::with(&["images/a.png"]);
    folder.write("captions.csv", "image,caption\na.png,from the table\n");
    folder.write(
        "images.tar",
        tar(&[("a.png", &png()), ("a.txt", b"from the archive")]),
    );
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("a.png", vec!["from the table"])]);
    says(&dataset.format, &["captions.csv", "*.tar not used"]);
    // But not where it has no pictures.
    std::fs::remove_dir_all(folder.path("images")).unwrap();
    let dataset = folder.open().unwrap();
    assert_eq!(groups(&dataset), [("a.png", vec!["from the archive"])]);
    says(
        &problems(&dataset)[0],
        &["captions.csv", "passed over", "missing"],
    );
}

/// A member of type `kind`.
fn member(name: &str, kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = header(name, size);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

#[test]
fn names_of_any_length_are_read_and_endless_ones_are_not() {
    let picture = png();
    let (long, other) = ("a/".repeat(80) + "long", "b/".repeat(80) + "other");
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |header: &tar::Header, content: &[u8]| builder.append(header, content).unwrap();
    for (ending, content) in [(".png", &picture[..]), (".txt", b"a caption")] {
        let name = [long.as_bytes(), ending.as_bytes(), b"\0"].concat();
        let size = name.len() as u64;
        add(
            &member("././@LongLink", tar::EntryType::GNULongName, size),
            &name,
        );
        add(&header("cut", content.len() as u64), content);
        // The length of a record counts its own three digits and the space.
        let record = format!("path={other}{ending}\n");
        let pax = format!("{} {record}", record.len() + 4);
        add(
            &member("pax", tar::EntryType::XHeader, pax.len() as u64),
            pax.as_bytes(),
        );
        add(&header("cut", content.len() as u64), content);
    }
    let whole = builder.into_inner().unwrap();
    let folder = Folder::with(&[]);
    folder.write("a.tar", &whole);
    let dataset = folder.open_file("a.tar").unwrap();
    let names: Vec<&str> = dataset.images.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, [format!("{long}.png"), format!("{other}.png")]);
    assert_eq!(dataset.captions.len(), 2);

    // Six gigabytes of a name, in a file that takes no room on the disk.
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader] {
        let size = 6 << 30;
        let path = folder.path("endless.tar");
        let mut file = std::fs::File::create(&path).unwrap();
        let mut first = tar(&[("first.png", &picture), ("first.txt", b"a caption")]);
        first.truncate(first.len() - 1024);
        file.write_all(&first).unwrap();
        file.write_all(member("name", kind, size).as_bytes())
            .unwrap();
        file.set_len(first.len() as u64 + size + 4096).unwrap();
        let begun = Instant::now();
        let said = match folder.open_file("endless.tar") {
            Ok(dataset) => format!("{:?}", problems(&dataset)),
            Err(error) => error.to_string(),
        };
        says(&said, &["a name of 6442450944 bytes"]);
        assert!(begun.elapsed().as_secs() < 5, "{said}");
    }
}
