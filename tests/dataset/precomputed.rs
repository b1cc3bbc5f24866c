//! Features and embeddings that were computed beforehand: VSE++, SCAN, clip-retrieval.

use super::parquet::{texts, write};
use super::{Folder, groups, open, png, problems, refused, says};
use nearmiss::dataset::npy::write_array;
use nearmiss::dataset::{Vectors, Wanted, open_with_vectors};
use nearmiss::task::Task;
use parquet::file::properties::WriterProperties;
use std::path::Path;
use std::process::Command;

fn lines(count: usize) -> String {
    let lines: Vec<_> = (0..count)
        .map(|i| format!("caption {i} , with a comma ."))
        .collect();
    lines.join("\n") + "\n"
}

#[test]
fn features_group_captions_whether_rows_are_repeated_or_not() {
    let folder = Folder::with(&[]);
    // SCAN: regions of two images; VSE++: two images five times; one caption each.
    let repeated: Vec<f32> = (0..10).flat_map(|i| [(i / 5) as f32, 1.0]).collect();
    let single: Vec<f32> = (0..10).flat_map(|i| [i as f32, 1.0]).collect();
    for (values, shape, each) in [
        ((0..24).map(|v| v as f32).collect(), vec![2, 3, 4], 5),
        (repeated, vec![10, 2], 5),
        (single, vec![10, 2], 1),
    ] {
        write_array(&folder.path("test_ims.npy"), &values, &shape).unwrap();
        folder.write("test_caps.txt", lines(10));
        let dataset = folder.open().unwrap();
        assert_eq!(dataset.images.len(), 10 / each);
        assert_eq!(dataset.captions_of(0), 0..each);
        assert_eq!(dataset.images[1].name, "image 2");
        assert_eq!(
            dataset.captions[each],
            format!("caption {each} , with a comma .")
        );
        assert!(!dataset.has_pictures());
        says(
            &dataset.format,
            &[
                "test_caps.txt",
                &format!("{each} captions"),
                "captions only",
            ],
        );
        says(&problems(&dataset)[0], &["test_ims.npy", "not embeddings"]);
    }
}

#[test]
fn of_several_splits_of_features_test_opens() {
    let folder = Folder::with(&[]);
    for (split, count) in [("dev", 5), ("test", 10), ("train", 15)] {
        let values = vec![0.5; count / 5];
        write_array(
            &folder.path(&format!("{split}_ims.npy")),
            &values,
            &[count / 5, 1],
        )
        .unwrap();
        folder.write(&format!("{split}_caps.txt"), lines(count));
    }
    assert_eq!(folder.open().unwrap().captions.len(), 10);
    assert_eq!(folder.open_file("dev_caps.txt").unwrap().captions.len(), 5);
    folder.write("dev_caps.txt", "one\n\nthree\nfour\nfive\n");
    let dataset = folder.open_file("dev_caps.txt").unwrap();
    assert_eq!(dataset.captions.len(), 4);
    says(
        &problems(&dataset).join("\n"),
        &["dev_caps.txt, line 2: the caption is empty"],
    );
    folder.write("dev_caps.txt", "one\ntwo\nthree\n");
    write_array(&folder.path("dev_ims.npy"), &[0.0; 2], &[2, 1]).unwrap();
    says(
        &refused(folder.open_file("dev_caps.txt")),
        &["dev_ims.npy", "2 rows", "3 captions"],
    );
    std::fs::remove_file(folder.path("dev_ims.npy")).unwrap();
    says(
        &refused(folder.open_file("dev_caps.txt")),
        &["lacks dev_ims.npy"],
    );
}

/// A float16 `.npy` of rows of two values.
fn half_npy(folder: &Folder, name: &str, rows: &[[f32; 2]]) {
    let header = format!(
        "{{'descr': '<f2', 'fortran_order': False, 'shape': ({}, 2), }}",
        rows.len()
    );
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend(
        rows.iter()
            .flatten()
            .flat_map(|&v| half::f16::from_f32(v).to_le_bytes()),
    );
    folder.write(name, bytes);
}

/// Eleven parts of one row and one of two: the tenth comes after the ninth; `a.png` has two captions in two parts, a
/// row has none, and the last picture is not there.
fn clip_retrieval() -> Folder {
    let folder = Folder::with(&["pictures/a.png", "images/b.png"]);
    let absolute = folder.path("pictures/a.png").display().to_string();
    let mut row = 0u8;
    for part in 0..12 {
        let names: Vec<String> = match part {
            0 | 10 => vec![absolute.clone()],
            1 => vec!["b.png".into(), "none.png".into()],
            n => vec![format!("{n}.jpg")],
        };
        let captions: Vec<Option<String>> = names
            .iter()
            .map(|name| (name != "none.png").then(|| format!("part {part}")))
            .collect();
        let bytes: Vec<Option<&[u8]>> = names.iter().map(|n| Some(n.as_bytes())).collect();
        let told: Vec<Option<&[u8]>> = captions
            .iter()
            .map(|c| c.as_deref().map(str::as_bytes))
            .collect();
        write(
            &folder.path(&format!("metadata/metadata_{part}.parquet")),
            "optional binary image_path (UTF8); optional binary caption (UTF8);",
            vec![vec![texts(&bytes), texts(&told)]],
            WriterProperties::default(),
        );
        let rows: Vec<[f32; 2]> = names
            .iter()
            .map(|_| {
                row += 1;
                [f32::from(row - 1), 0.5]
            })
            .collect();
        half_npy(&folder, &format!("img_emb/img_emb_{part}.npy"), &rows);
        let texts: Vec<[f32; 2]> = rows.iter().map(|r| [r[0], -1.0]).collect();
        half_npy(&folder, &format!("text_emb/text_emb_{part}.npy"), &texts);
    }
    folder
}

fn with_vectors(folder: &Path) -> (nearmiss::dataset::Dataset, Option<Vectors>) {
    open_with_vectors(folder, &Wanted::default(), &Task::detached()).unwrap()
}

#[test]
fn clip_retrieval_parts_join_in_order_and_bring_their_embeddings() {
    let folder = clip_retrieval();
    let (dataset, vectors) = with_vectors(folder.0.path());
    let vectors = vectors.unwrap();
    assert_eq!(dataset, open(folder.0.path()).unwrap());
    assert_eq!(
        (dataset.images.len(), dataset.captions.len(), vectors.dim),
        (11, 12, 2)
    );
    let groups = groups(&dataset);
    assert!(groups[0].0.ends_with("pictures/a.png") && !groups[0].0.starts_with('/'));
    assert_eq!(groups[0].1, ["part 0", "part 10"]);
    assert_eq!(groups[1], ("b.png", vec!["part 1"]));
    assert_eq!(groups[10].1, ["part 11"]);
    // Rows in the files' order: a b none 2 .. 9 a 11; the image keeps its first.
    let firsts = |values: &[f32]| values.chunks(2).map(|r| r[0]).collect::<Vec<_>>();
    let images = [0., 1., 3., 4., 5., 6., 7., 8., 9., 10., 12.];
    assert_eq!(firsts(&vectors.images), images);
    assert_eq!(firsts(&vectors.texts), [&[0., 11.], &images[1..]].concat());
    assert!(vectors.texts.chunks(2).all(|r| r[1] == -1.0));
    assert_eq!(dataset.images[0].bytes().unwrap(), png());
    assert!(dataset.images[1].picture.is_some() && dataset.images[2].picture.is_none());
    let problems = problems(&dataset).join("\n");
    says(
        &problems,
        &["9 of 11 were not found", "none.png: has no caption"],
    );
}

#[test]
fn folders_that_all_pictures_share_are_left_out_of_their_names() {
    let folder = Folder::with(&["x/y/a.png", "x/b.png"]);
    let paths =
        ["x/y/a.png", "x/b.png", "x/none.png"].map(|p| folder.path(p).display().to_string());
    let cells: Vec<Option<&[u8]>> = paths.iter().map(|p| Some(p.as_bytes())).collect();
    write(
        &folder.path("metadata/metadata_0.parquet"),
        "optional binary image_path (UTF8); optional binary caption (UTF8);",
        vec![vec![texts(&cells), texts(&[Some(&b"one"[..]); 3])]],
        WriterProperties::default(),
    );
    half_npy(&folder, "img_emb/img_emb_0.npy", &[[1.0, 0.0]; 3]);
    let dataset = folder.open().unwrap();
    let names: Vec<_> = dataset.images.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["y/a.png", "b.png", "none.png"]);
    assert_eq!(dataset.images[0].bytes().unwrap(), png());
    let what = "is named in metadata_0.parquet, but there is no such file";
    assert!(dataset.origin.notes.iter().any(|note| note.what == what));
}

#[test]
fn clip_retrieval_of_one_side_or_unlike_parts_says_so() {
    let folder = clip_retrieval();
    half_npy(
        &folder,
        "text_emb/text_emb_3.npy",
        &[[1.0, 2.0], [3.0, 4.0]],
    );
    let message = refused(open_with_vectors(
        folder.0.path(),
        &Wanted::default(),
        &Task::detached(),
    ));
    says(&message, &["text_emb_3.npy", "2 rows", "metadata 1"]);
    std::fs::remove_dir_all(folder.path("text_emb")).unwrap();
    let (dataset, vectors) = with_vectors(folder.0.path());
    assert!(vectors.is_none());
    says(&problems(&dataset)[0], &["text_emb/", "missing"]);
}

/// clip-retrieval with texts disabled: no `text_emb/`, no caption in the metadata.
#[test]
fn clip_retrieval_without_texts_finds_like_images() {
    let folder = Folder::with(&[]);
    let names = [2, 0, 3, 1].map(|n| format!("/data/pics/{n}.jpg"));
    let cells: Vec<Option<&[u8]>> = names.iter().map(|n| Some(n.as_bytes())).collect();
    write(
        &folder.path("metadata/metadata_0.parquet"),
        "optional binary image_path (UTF8);",
        vec![vec![texts(&cells)]],
        WriterProperties::default(),
    );
    let rows = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [-1.0, 0.0]];
    half_npy(&folder, "img_emb/img_emb_0.npy", &rows);
    let place = folder.0.path().display().to_string();
    let rank = ["rank", "--json", "--dataset", &place, "--image"];
    let (fine, out, said) = nearmiss(&[&rank[..], &["2.jpg"]].concat());
    assert!(fine, "{said}");
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    let first = &answer["results"][0];
    assert_eq!(first["image"], "data/pics/3.jpg");
    let (_, full, _) = nearmiss(&[&rank[..], &["/data/pics/2.jpg"]].concat());
    assert_eq!(full, out);
    assert!((first["score"].as_f64().unwrap() - 0.6).abs() < 1e-3);
    assert_eq!(answer["results"].as_array().unwrap().len(), 3);
    let (fine, _, said) = nearmiss(&["eval", "--dataset", &place]);
    says(&said, &["4 images without captions", "rank --image"]);
    assert!(!fine && !said.contains("Name that column"));
}

fn nearmiss(arguments: &[&str]) -> (bool, String, String) {
    let scratch = std::env::temp_dir().join("nearmiss-dataset-cache");
    let output = Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(arguments)
        .env("NEARMISS_DATA", &scratch)
        .env("NEARMISS_CACHE", &scratch)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn eval_takes_the_embeddings_that_a_dataset_brings() {
    let folder = clip_retrieval();
    let path = folder.0.path().display().to_string();
    let (good, out, error) = nearmiss(&["eval", "--dataset", &path, "--compute", "cpu", "--json"]);
    assert!(good, "{error}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&report["images"], &report["captions"]),
        (&11.into(), &12.into())
    );
    let plain = Folder::with(&["a.png"]);
    plain.write("captions.csv", "image,caption\na.png,one\n");
    let path = plain.0.path().display().to_string();
    let (good, _, error) = nearmiss(&["eval", "--dataset", &path]);
    assert!(!good);
    says(&error, &["no encoder was given", "--encoder"]);
}

#[test]
fn captions_alone_need_embeddings_of_both_sides() {
    let folder = Folder::with(&[]);
    folder.write(
        "captions.csv",
        "image,caption\na.png,one\na.png,two\nb.png,three\n",
    );
    let path = folder.path("captions.csv").display().to_string();
    let (good, _, error) = nearmiss(&["eval", "--dataset", &path, "--encoder", "demo"]);
    assert!(!good);
    says(&error, &["captions only", "images/", "--image-embeds"]);
    write_array(&folder.path("i.npy"), &[1.0, 0.0, 0.0, 1.0], &[2, 2]).unwrap();
    write_array(
        &folder.path("t.npy"),
        &[1.0, 0.1, 1.0, 0.2, 0.1, 1.0],
        &[3, 2],
    )
    .unwrap();
    let (images, texts) = (
        folder.path("i.npy").display().to_string(),
        folder.path("t.npy").display().to_string(),
    );
    let (good, out, error) = nearmiss(&[
        "eval",
        "--dataset",
        &path,
        "--image-embeds",
        &images,
        "--text-embeds",
        &texts,
        "--compute",
        "cpu",
        "--json",
    ]);
    assert!(good, "{error}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["i2t"]["r1"], 100.0);
    assert_eq!(report["captions"], 3);
}
