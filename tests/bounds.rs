//! What a file claims is not believed: small files that ask for much time or memory, and commands that are ended.

use nearmiss::dataset::npy::read_npy;
use nearmiss::dataset::{open_picture, vectors};
use nearmiss::encoder::Tokenizer;
use nearmiss::onnx::proto;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn nearmiss(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nearmiss"));
    command
        .current_dir(folder)
        .env("NEARMISS_CACHE", folder.join("cache"))
        .env("NEARMISS_DATA", folder.join("data"));
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A `.npy` file with this header.
fn npy(header: &str) -> Vec<u8> {
    let length = (header.len() as u32).to_le_bytes();
    [
        b"\x93NUMPY\x02\x00",
        &length[..],
        header.as_bytes(),
        &[0; 64],
    ]
    .concat()
}

#[test]
fn a_numpy_header_is_refused_as_soon_as_it_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let values = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
    for header in [
        format!("{}{}", "[".repeat(40), "]".repeat(40)),
        format!("{}1{}", "{'a':".repeat(40), "}".repeat(40)),
        format!("{}{}", "(".repeat(40), ")".repeat(40)),
        format!("{values}{}, 2), }}", "9".repeat(3_000_000)),
        format!("{values}{}2), }}", "1,".repeat(200_000)),
        format!("{values}{}1, 2), }}", "1+".repeat(20_000)),
        format!("{values}2, 2), }}{}", " ".repeat(70_000)),
    ] {
        let path = folder.path().join("a.npy");
        std::fs::write(&path, npy(&header)).unwrap();
        let error = read_npy(&path)
            .expect_err("no header of NumPy's")
            .to_string();
        assert!(
            error.contains("NumPy header") && error.len() < 300,
            "{error}"
        );
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// A column of lists of three floats, two rows.
fn embeddings(folder: &Path) -> PathBuf {
    let path = folder.join("a.parquet");
    let task = nearmiss::task::Task::detached();
    vectors::write(&path, "image", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3, &task).unwrap();
    path
}

#[test]
fn a_parquet_file_with_any_byte_damaged_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = embeddings(folder.path());
    let whole = std::fs::read(&path).unwrap();
    let mut refused = 0;
    for at in 0..whole.len() {
        for value in [
            0x00,
            0x7F,
            0x80,
            0xFF,
            whole[at] ^ 1,
            whole[at].wrapping_add(2),
        ] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            std::fs::write(&path, &bytes).unwrap();
            let read = nearmiss::retrieval::read_embeddings(&path);
            refused += usize::from(read.is_err());
            let _ = nearmiss::dataset::open(&path, &nearmiss::task::Task::detached());
        }
    }
    assert!(refused > whole.len(), "{refused}");
}

/// The head of a PNG of 16-bit RGBA, which takes 8 bytes a pixel, and nothing of its pixels.
fn png(side: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8; 4], data: &[u8]| {
        let body = [&kind[..], data].concat();
        bytes.extend((data.len() as u32).to_be_bytes());
        bytes.extend(&body);
        bytes.extend(crc(&body).to_be_bytes());
    };
    let size = side.to_be_bytes();
    chunk(b"IHDR", &[&size[..], &size, &[16, 6, 0, 0, 0]].concat());
    chunk(b"IDAT", &[0x78, 0xDA]);
    chunk(b"IEND", &[]);
    bytes
}

/// CRC-32 of ISO 3309.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    })
}

#[test]
fn a_picture_that_takes_too_much_memory_is_left_out_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.png");
    std::fs::write(&path, png(14_100)).unwrap();
    let error = open_picture(&path).expect_err("1.6 GB").to_string();
    assert!(
        error.contains("14,100 x 14,100 pixels, which would take 1.59 GB of memory"),
        "{error}"
    );
    // Such pictures beside one that is well, through a whole command.
    let demo = nearmiss::dataset::demo::unpack(folder.path()).unwrap();
    let scene = std::fs::read_dir(demo.join("scenes"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    std::fs::copy(scene.path(), folder.path().join("well.png")).unwrap();
    std::fs::write(folder.path().join("b.png"), png(14_100)).unwrap();
    let rows = "image,caption\na.png,a\nb.png,b\nwell.png,c\n";
    std::fs::write(folder.path().join("captions.csv"), rows).unwrap();
    let output = nearmiss(folder.path())
        .args([
            "eval",
            "--dataset",
            "captions.csv",
            "--encoder",
            "demo",
            "--json",
        ])
        .output()
        .unwrap();
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("a.png") && said.contains("b.png"), "{said}");
    assert!(said.contains("would take 1.59 GB of memory"), "{said}");
}

#[test]
fn a_long_caption_gives_the_tokens_of_its_beginning_or_its_end() {
    let vocabulary = r#""[UNK]": 0, "a": 1, "dog": 2, "[SEP]": 3, "runs": 4"#;
    for direction in ["Right", "Left"] {
        let tokenizer = format!(
            r#"{{"version": "1.0", "added_tokens": [],
            "truncation": {{"direction": "{direction}", "max_length": 200, "strategy": "LongestFirst", "stride": 0}},
            "normalizer": {{"type": "Lowercase"}}, "pre_tokenizer": {{"type": "Whitespace"}}, "post_processor": null,
            "decoder": null, "model": {{"type": "WordLevel", "unk_token": "[UNK]", "vocab": {{{vocabulary}}}}}}}"#
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        std::fs::write(&path, tokenizer).unwrap();
        let tokenizer = Tokenizer::open(&path, None).unwrap();
        // Spaces first, so that the first parts give no token at all.
        let text = format!(
            "{0}dog{1}a dog runs {2}runs{0}",
            " ".repeat(10_000),
            " \u{e9}".repeat(3_000),
            "a dog ".repeat(400_000)
        );
        let begun = Instant::now();
        let tokens = tokenizer.encode(&[&text, "a"]).unwrap();
        assert_eq!((tokens.rows, tokens.cols), (2, 200));
        // "dog" and 199 unknown words; or "dog", "a dog" 99 times and "runs".
        let last = if direction == "Right" { 0 } else { 4 };
        assert_eq!((tokens.ids[0], tokens.ids[199]), (2, last));
        let spans = tokenizer.spans(&text).unwrap();
        let of = |token: usize| spans[token].clone().map(|span| &text[span]);
        let end = if direction == "Right" {
            "\u{e9}"
        } else {
            "runs"
        };
        assert_eq!((spans.len(), of(0), of(199)), (200, Some("dog"), Some(end)));
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
    }
}

fn constant(name: &str, values: &[i64]) -> proto::TensorProto {
    proto::TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: 7,
        int64_data: values.to_vec(),
        ..proto::TensorProto::default()
    }
}

/// y = x + the sum of what `op` makes of the constants.
fn model(op: &str, constants: &[(&str, &[i64])], inputs: &[&str]) -> Vec<u8> {
    use nearmiss::onnx::proto::Message;
    let node = |op: &str, inputs: &[&str], output: &str| proto::NodeProto {
        op_type: op.into(),
        input: inputs.iter().map(|&n| n.into()).collect(),
        output: vec![output.into()],
        ..proto::NodeProto::default()
    };
    let value = |name: &str| {
        let one = proto::tensor_shape_proto::Dimension {
            value: Some(proto::tensor_shape_proto::dimension::Value::DimValue(1)),
            ..Default::default()
        };
        let tensor = proto::type_proto::Tensor {
            elem_type: 1,
            shape: Some(proto::TensorShapeProto { dim: vec![one] }),
        };
        proto::ValueInfoProto {
            name: name.into(),
            r#type: Some(proto::TypeProto {
                value: Some(proto::type_proto::Value::TensorType(tensor)),
                ..Default::default()
            }),
            ..Default::default()
        }
    };
    let mut cast = node("Cast", &["large"], "floats");
    cast.attribute.push(proto::AttributeProto {
        name: "to".into(),
        r#type: 2,
        i: 1,
        ..Default::default()
    });
    let nodes = vec![
        node(op, inputs, "large"),
        cast,
        node("ReduceSum", &["floats"], "sum"),
        node("Add", &["x", "sum"], "y"),
    ];
    let model = proto::ModelProto {
        ir_version: 8,
        opset_import: vec![proto::OperatorSetIdProto {
            domain: String::new(),
            version: 17,
        }],
        graph: Some(proto::GraphProto {
            node: nodes,
            initializer: constants.iter().map(|(n, v)| constant(n, v)).collect(),
            input: vec![value("x")],
            output: vec![value("y")],
            ..Default::default()
        }),
        ..Default::default()
    };
    model.encode_to_vec()
}

#[test]
fn a_model_that_asks_for_gigabytes_is_refused_by_node() {
    let folder = tempfile::tempdir().unwrap();
    let side: &[i64] = &[200_000, 200_000];
    let one: &[i64] = &[1];
    type Case<'a> = (&'a str, Vec<(&'a str, &'a [i64])>, &'a [&'a str]);
    let cases: [Case<'_>; 4] = [
        ("ConstantOfShape", vec![("s", side)], &["s"]),
        ("Expand", vec![("v", one), ("s", side)], &["v", "s"]),
        (
            "Tile",
            vec![("v", one), ("s", &[40_000_000_000])],
            &["v", "s"],
        ),
        (
            "Pad",
            vec![("v", one), ("s", &[0, 40_000_000_000])],
            &["v", "s"],
        ),
    ];
    for (op, constants, inputs) in cases {
        let path = folder.path().join("a.onnx");
        std::fs::write(&path, model(op, &constants, inputs)).unwrap();
        let begun = Instant::now();
        let output = nearmiss(folder.path())
            .args(["grad", "a.onnx"])
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{op}: {said}");
        assert!(
            said.contains(op) && said.contains("would take 160.00 GB"),
            "{op}: {said}"
        );
        assert!(begun.elapsed() < Duration::from_secs(20), "{op}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_command_and_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().unwrap();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        // Work of minutes.
        let mut child = nearmiss(folder.path())
            .args([
                "bench",
                "rank",
                "--images",
                "20000",
                "--captions",
                "100000",
                "--dim",
                "256",
                "--repeat",
                "30",
            ])
            .args(["--compute", "cpu"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(3));
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn the_cache_is_listed_and_cleared() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = nearmiss(folder.path())
            .args(arguments)
            .arg("--json")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    run(&["eval", "--dataset", "demo", "--encoder", "demo"]);
    let listed = run(&["cache"]);
    let files = listed["files"].as_array().unwrap();
    assert_eq!(files.len(), 2, "pictures and captions: {listed}");
    let bytes: u64 = files.iter().map(|f| f["bytes"].as_u64().unwrap()).sum();
    assert_eq!(
        (listed["bytes"].as_u64(), listed["limit"].as_u64()),
        (Some(bytes), Some(4_000_000_000))
    );
    assert_eq!(run(&["cache", "list"]), listed);
    let cleared = run(&["cache", "clear"]);
    assert_eq!(
        (cleared["removed"].as_u64(), cleared["bytes"].as_u64()),
        (Some(2), Some(bytes))
    );
    assert_eq!(run(&["cache"])["files"].as_array().map(Vec::len), Some(0));
    let mut refused = nearmiss(folder.path());
    let output = refused
        .args(["cache"])
        .env("NEARMISS_CACHE_LIMIT", "much")
        .output()
        .unwrap();
    assert!(stderr(&output).contains("NEARMISS_CACHE_LIMIT=much is no size"));
}
