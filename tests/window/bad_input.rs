//! Bad input: one clear message each, and a window that lives.

use super::*;

#[test]
fn bad_input_is_named_and_the_window_lives() {
    let root = tempfile::tempdir().expect("a folder");
    let cases: Vec<(PathBuf, &str)> = vec![
        (
            write(root.path(), "keys/dataset_x.json", b"{\"pictures\": []}"),
            "images",
        ),
        (
            write(root.path(), "empty/captions.csv", b""),
            "captions.csv",
        ),
        (
            write(root.path(), "zero/text_model.onnx", b"").with_file_name("vision_model.onnx"),
            "vision_model.onnx",
        ),
    ];
    write(root.path(), "zero/vision_model.onnx", b"");
    write(root.path(), "zero/tokenizer.json", b"{}");
    let config = b"{\"do_resize\": true, \"size\": {\"height\": 8, \"width\": 8}, \"resample\": 3, \"do_center_crop\": false, \"do_rescale\": true, \"rescale_factor\": 0.00392, \"do_normalize\": false}";
    write(root.path(), "zero/preprocessor_config.json", config);
    std::fs::create_dir_all(root.path().join("bare")).expect("created");
    let bare = (root.path().join("bare"), "bare");
    for (path, word) in cases.into_iter().chain([bare]) {
        let mut window = open(&path);
        let said = errors(&window);
        assert_eq!(said.len(), 1, "{}: {said:?}", path.display());
        assert!(said[0].contains(word), "{}: {said:?}", path.display());
        assert!(!said[0].contains("called `"), "{said:?}");
        click(&mut window, "Open the demo");
        assert!(
            session(&window).evaluation().is_some(),
            "the window goes on after {}",
            path.display()
        );
    }
}

#[test]
fn captions_without_pictures_open_and_say_so() {
    let root = tempfile::tempdir().expect("a folder");
    let captions = b"image,caption\nnowhere.jpg,A dog\nnowhere.jpg,A cat\n";
    let path = write(root.path(), "absent/captions.csv", captions);
    let mut window = open(&path);
    assert_eq!(errors(&window), Vec::<String>::new());
    let dataset = session(&window).dataset().cloned().expect("open");
    assert_eq!((dataset.images.len(), dataset.captions.len()), (1, 2));
    let log = &session(&window).log;
    let warned = log.iter().filter(|e| e.level == Level::Warning);
    assert_eq!(
        warned.filter(|e| e.text.contains("captions only")).count(),
        1
    );
    // An encoder cannot embed what is not there, and says what to do.
    let encoder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/encoder");
    drop_file(&mut window, encoder);
    let said = errors(&window);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("captions only") && said[0].contains("images/"),
        "{said:?}"
    );
    assert!(session(&window).evaluation().is_none());
}

#[test]
fn broken_pictures_are_listed_and_skipped() {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(root.path().join("images")).expect("created");
    png(root.path(), "images/good.png");
    png(root.path(), "images/also.png");
    write(
        root.path(),
        "images/cut.jpg",
        &[0xFF, 0xD8, 0xFF, 0xE0, 0, 16],
    );
    write(root.path(), "images/none.png", b"");
    let lines = "image,caption\ngood.png,A good one\nalso.png,Another one\ncut.jpg,A cut one\nnone.png,An empty one\ngone.png,A missing one\n";
    write(root.path(), "captions.csv", lines.as_bytes());
    let workspace = nearmiss::desktop::core::Workspace {
        data: Some(nearmiss::desktop::core::DataSource::at(
            root.path().to_path_buf(),
        )),
        ..nearmiss::desktop::core::Workspace::demo()
    };
    let file = root.path().join("workspace.json");
    workspace.save(&file).expect("saved");
    let mut window = open(&file);
    assert_eq!(errors(&window), Vec::<String>::new());
    let dataset = session(&window).dataset().cloned().expect("open");
    assert_eq!(dataset.images.len(), 2, "{:?}", dataset.problems);
    let places: Vec<&str> = dataset.problems.iter().map(|p| p.place.as_str()).collect();
    for name in ["cut.jpg", "none.png", "gone.png"] {
        assert!(
            places.iter().any(|p| p.contains(name)),
            "{name} in {places:?}"
        );
    }
    assert_eq!(
        session(&window).evaluation().expect("ranked").report.images,
        2
    );
    click(&mut window, "Problems");
    assert!(
        window
            .query_all_by_label_contains("gone.png")
            .next()
            .is_some()
    );
}

#[test]
fn embeddings_that_are_no_numbers_are_refused_by_row() {
    let root = tempfile::tempdir().expect("a folder");
    let images = npy(root.path(), "i.npy", 2, &[1.0, 0.0, f32::NAN, 1.0]);
    let texts = npy(root.path(), "t.npy", 2, &[1.0, 0.0, 0.5, 1.0]);
    let window = open(&embeddings(root.path(), images, texts));
    let said = errors(&window);
    assert!(
        said.len() == 1 && said[0].contains("i.npy") && said[0].contains("row 1"),
        "{said:?}"
    );
}

#[test]
fn an_encoder_without_a_tokenizer_leaves_the_open_one() {
    let root = tempfile::tempdir().expect("a folder");
    write(root.path(), "vision_model.onnx", b"x");
    write(root.path(), "text_model.onnx", b"x");
    let mut window = demo();
    drop_file(&mut window, root.path().join("vision_model.onnx"));
    let said = errors(&window);
    assert!(
        said.len() == 1 && said[0].contains("tokenizer.json"),
        "{said:?}"
    );
    assert_eq!(
        session(&window).workspace,
        nearmiss::desktop::core::Workspace::demo()
    );
    assert!(
        session(&window).evaluation().is_some(),
        "what was open stays open"
    );
}

#[test]
fn a_gigantic_picture_is_refused_by_its_header() {
    let root = tempfile::tempdir().expect("a folder");
    // A BMP header of 30,000 x 30,000 pixels, and nothing behind it.
    let mut bytes = b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(30_000_i32.to_le_bytes());
    bytes.extend(30_000_i32.to_le_bytes());
    bytes.extend(b"\x01\0\x18\0");
    bytes.extend([0; 24]);
    let path = write(root.path(), "huge.bmp", &bytes);
    let mut window = demo();
    drop_file(&mut window, path);
    let said = errors(&window);
    assert!(
        said.len() == 1 && said[0].contains("30,000 x 30,000"),
        "{said:?}"
    );
}
