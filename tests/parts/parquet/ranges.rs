//! Parquet and encoders in object storage: no more is fetched than is read, and what is read is the same.

use super::{Images, agree, cut, file, opened};
use crate::parts::named::{embedded, planned_in, ranked, scenes};
use crate::parts::store::served::{SECRET, alone, free_port, head, header, serve, with_server};
use nearmiss::compute::Measure;
use nearmiss::dataset::{Wanted, tables_among};
use nearmiss::encoder::EncoderOptions;
use nearmiss::error::Error;
use nearmiss::parts::plan::{Coder, EmbedPlan};
use nearmiss::parts::stage::{Embedder, Place, embed};
use nearmiss::parts::store::Store;
use nearmiss::parts::view::{Finished, Named, Names, Pictures};
use nearmiss::parts::{RemoteEncoder, Run, Stage, finish_ranking};
use nearmiss::source::EncoderSource;
use nearmiss::task::Task;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Images whose pictures are bytes that do not shrink, 200 kB each.
fn heavy(count: usize) -> Images {
    let mut rng = fastrand::Rng::with_seed(3);
    let mut image = |i: usize| {
        let picture = (0..200_000).map(|_| rng.u8(..)).collect();
        (format!("{i}.png"), vec![format!("caption of {i}")], picture)
    };
    (0..count).map(&mut image).collect()
}

/// Serves the file of a web server, by ranges, and counts the bytes that it sends of it.
fn served(port: u16, content: Vec<u8>) -> Arc<AtomicU64> {
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    serve(port, move |request| {
        if request[0].starts_with("HEAD") {
            return format!("{}\r\n", head("200 OK", content.len())).into();
        }
        let range = header(request, "range").expect("a range");
        let (from, to) = range
            .strip_prefix("bytes=")
            .unwrap()
            .split_once('-')
            .unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        let part = &content[from..=to.min(content.len() - 1)];
        counter.fetch_add(part.len() as u64, Ordering::Relaxed);
        let range = format!("Content-Range: bytes {from}-{to}/{}\r\n\r\n", content.len());
        [
            head("206 Partial Content", part.len()).as_bytes(),
            range.as_bytes(),
            part,
        ]
        .concat()
    });
    sent
}

#[test]
fn of_a_file_on_a_server_each_part_fetches_its_row_groups_alone() {
    let test = "of_a_file_on_a_server_each_part_fetches_its_row_groups_alone";
    alone(module_path!(), test, &[], || {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a.parquet");
        file(&path, &heavy(60), 5);
        let content = std::fs::read(&path).unwrap();
        let (size, port) = (content.len() as u64, free_port());
        assert!(size > 60 * 200_000);
        let sent = served(port, content);
        let (place, wanted, task) = (
            format!("http://127.0.0.1:{port}/set"),
            Wanted::default(),
            Task::detached(),
        );
        let store = Store::open(&place).unwrap();
        let tables = tables_among(&["a.parquet".into()], &wanted);
        let fetched = || vec![store.table_file("a.parquet", &task).unwrap()];
        let files = fetched();
        let found = tables
            .cut(place.as_ref(), &files, &wanted, 5, &task)
            .unwrap()
            .unwrap();
        let planning = sent.swap(0, Ordering::Relaxed);
        // Footer, names, and the first page of pictures.
        assert!(planning < size / 3, "{planning} of {size} bytes to plan");
        assert_eq!(found.parts.len(), 12);
        let (_, local, same) = cut(&path, &wanted, 5);
        assert_eq!((&same.parts, &same.reading), (&found.parts, &found.reading));
        let whole = opened(&path, &local, &same);
        for n in 0..12 {
            let pieces = vec![(fetched().remove(0), found.parts[n][0].1)];
            let part =
                nearmiss::dataset::open_row_groups(place.as_ref(), &pieces, &found.reading, &task);
            let part = part.unwrap();
            let took = sent.swap(0, Ordering::Relaxed);
            assert!(
                took < size / 12 + 300_000,
                "{took} of {size} bytes for a part"
            );
            // Pictures are there: nothing can fail on the way any more.
            for (image, other) in part.images.iter().zip(&whole[n].images) {
                assert_eq!(
                    (&image.name, image.bytes().unwrap()),
                    (&other.name, other.bytes().unwrap())
                );
            }
            assert_eq!(part.captions, whole[n].captions);
            assert_eq!(sent.load(Ordering::Relaxed), 0);
        }
    });
}

/// The encoder of the demo in a bucket, with what other programs leave beside it.
fn encoder_in(bucket: &Path, folder: &str) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/encoder");
    let to = bucket.join(folder).join("demo");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(demo).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    std::fs::write(to.join("pytorch_model.bin"), b"not read").unwrap();
}

/// The encoder at `place` as a plan names it.
fn coder(place: &str) -> (Coder, PathBuf) {
    let (task, options) = (Task::detached(), EncoderOptions::default());
    let remote = RemoteEncoder::at(place, &task).unwrap();
    let (folder, _) = remote.fetched(&task).unwrap();
    let encoder = EncoderSource::Folder(folder.clone())
        .open(&options, &task)
        .unwrap();
    let coder = Coder {
        source: EncoderSource::Folder(place.into()),
        hash: encoder.fingerprint(&task).unwrap(),
        options,
        remote: Some(remote),
    };
    (coder, folder)
}

#[test]
fn a_run_on_parquet_and_an_encoder_in_a_bucket_is_one_of_folders() {
    let test = "a_run_on_parquet_and_an_encoder_in_a_bucket_is_one_of_folders";
    with_server(module_path!(), test, SECRET, |server| {
        let task = Task::detached();
        let bucket = server.folder.path().join("box");
        encoder_in(&bucket, "models");
        let images: Images = scenes(0, 24);
        file(
            &bucket.join("set/data/0.parquet"),
            &images[..15].to_vec(),
            4,
        );
        file(
            &bucket.join("set/data/1.parquet"),
            &images[15..].to_vec(),
            3,
        );
        std::fs::write(bucket.join("set/README.md"), "a set").unwrap();
        let local = tempfile::tempdir().unwrap();
        let set = bucket.join("set").to_string_lossy().into_owned();
        let one = planned_in(&set, &local.path().to_string_lossy(), 5);
        let (coder, _) = coder("s3://box/models/demo/");
        let place = "s3://box/set".to_owned();
        let plan =
            EmbedPlan::of_dataset(place, Wanted::default(), coder, Measure::Cosine, 5, &task)
                .unwrap();
        assert_eq!(plan.remote(), ["s3://box/set", "s3://box/models/demo"]);
        let other = Run::open("s3://box/run").unwrap();
        other.write_plan(Stage::Embed, &plan).unwrap();
        for run in [&one, &other] {
            let shards = run.embed_plan().unwrap().0.shards.len();
            assert_eq!(shards, 7);
            embedded(run, &(0..shards).collect::<Vec<_>>());
            ranked(run, None);
            finish_ranking(run, &task).unwrap();
        }
        for name in [
            "ranks.npy",
            "negatives.parquet",
            "parts/embed/00003.safetensors",
            "parts/embed/00003.jsonl",
        ] {
            assert!(
                one.store().read(name).unwrap() == other.store().read(name).unwrap(),
                "{name}"
            );
        }
        let finished = Arc::new(Finished::open(&other, &task).unwrap());
        let mut names = Names::new(Arc::clone(&finished));
        let mut pictures = Pictures::new(&finished.embed).unwrap();
        let Named::Image {
            name,
            place: Some(place),
            ..
        } = names.named(true, 20).unwrap()
        else {
            panic!("no image");
        };
        assert_eq!(place, Place::Cell("data/1.parquet".into(), 5));
        let expected = image::load_from_memory(&images[20].2).unwrap().into_rgb8();
        assert_eq!(
            pictures.open(&name, &place).unwrap().rgb,
            expected.into_raw()
        );
        // Another file under the name of the first.
        file(
            &bucket.join("set/data/0.parquet"),
            &images[1..16].to_vec(),
            4,
        );
        let (plan, hash) = other.embed_plan().unwrap();
        other.unmark("embed", 0, &hash).unwrap();
        let mut embedder = Embedder::new(&plan, None).unwrap();
        let error = embed(&other, &mut embedder, &hash, 0, &task).unwrap_err();
        assert!(matches!(error, Error::Plan { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("data/0.parquet of s3://box/set is not what it was"),
            "{error}"
        );
        // One file is a set too.
        let one = tables_among(&["1.parquet".into()], &Wanted::default());
        assert_eq!(one.names, ["1.parquet"]);
        let plan = planned_in("s3://box/set/data/1.parquet", "s3://box/other", 5)
            .embed_plan()
            .unwrap()
            .0;
        assert_eq!(
            (plan.shards.len(), plan.about.format.as_str()),
            (3, "Parquet (1.parquet)")
        );
    });
}

#[test]
fn an_encoder_in_a_bucket_is_fetched_once_and_again_where_it_is_damaged() {
    let test = "an_encoder_in_a_bucket_is_fetched_once_and_again_where_it_is_damaged";
    with_server(module_path!(), test, SECRET, |server| {
        let task = Task::detached();
        let bucket = server.folder.path().join("box");
        encoder_in(&bucket, "once");
        let (coder, folder) = coder("s3://box/once/demo");
        let demo = EncoderSource::Demo
            .open(&EncoderOptions::default(), &task)
            .unwrap();
        assert_eq!(coder.hash, demo.fingerprint(&task).unwrap());
        assert!(folder.ends_with("demo") && !folder.join("pytorch_model.bin").exists());
        let stamp = || {
            folder
                .join("vision_model.onnx")
                .metadata()
                .unwrap()
                .modified()
                .unwrap()
        };
        let before = stamp();
        coder.open(&task).unwrap();
        assert_eq!(stamp(), before, "it is not fetched again");
        for damage in [&b"torn"[..], b""] {
            std::fs::write(folder.join("vision_model.onnx"), damage).unwrap();
            coder.open(&task).unwrap();
        }
        // Another one there since it was planned: a machine that has it goes on, one that has not is told.
        let there = bucket.join("once/demo/text_model.onnx");
        let whole = std::fs::read(&there).unwrap();
        std::fs::write(&there, &whole[..whole.len() - 1]).unwrap();
        coder.open(&task).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let error = coder.open(&task).err().unwrap();
        assert!(matches!(error, Error::Plan { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("text_model.onnx of s3://box/once/demo is not what it was"),
            "{error}"
        );
        assert!(!folder.exists(), "nothing half fetched stays");
        std::fs::remove_file(&there).unwrap();
        assert!(matches!(coder.open(&task), Err(Error::Plan { .. })));
        let error = RemoteEncoder::at("s3://box/none", &task).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("s3://box/none holds no .onnx file"),
            "{error}"
        );
    });
}

#[test]
fn what_breaks_on_the_way_is_no_fault_of_the_file() {
    let test = "what_breaks_on_the_way_is_no_fault_of_the_file";
    with_server(module_path!(), test, SECRET, |mut server| {
        let bucket = server.folder.path().join("box");
        file(&bucket.join("set/a.parquet"), &heavy(6), 2);
        file(&bucket.join("set/b.parquet"), &heavy(6), 2);
        let (task, wanted) = (Task::detached(), Wanted::default());
        let store = Store::open("s3://box/set").unwrap();
        let names = ["a.parquet".to_owned(), "b.parquet".to_owned()];
        let files: Vec<_> = names
            .iter()
            .map(|n| store.table_file(n, &task).unwrap())
            .collect();
        server.kill();
        // A file that cannot be reached is not passed over as one that cannot be read.
        let place = Path::new("s3://box/set");
        let outcome = tables_among(&names, &wanted).cut(place, &files, &wanted, 2, &task);
        let error = outcome.err().expect("no connection");
        assert!(matches!(error, Error::Request { .. }), "{error:?}");
        assert!(error.to_string().contains("a.parquet"), "{error}");
        task.cancel();
        let outcome = tables_among(&names, &wanted).cut(place, &files, &wanted, 2, &task);
        assert!(outcome.err().expect("cancelled").is_cancelled());
    });
}

#[test]
fn what_a_bucket_holds_is_found_as_in_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let images: Images = heavy(1);
    for name in [
        "data/train-00000.parquet",
        "data/test-00000.parquet",
        "data/test-00001.parquet",
        ".cache/test-9.parquet",
        "data/_test-8.parquet",
        "data/more/test-7.parquet",
    ] {
        file(&root.path().join(name), &images, 1);
    }
    let store = Store::open(&root.path().to_string_lossy()).unwrap();
    let names: Vec<String> = store
        .list("")
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names.len(), 6);
    for split in [None, Some("train"), Some("all")] {
        let wanted = Wanted {
            split: split.map(str::to_owned),
            ..Wanted::default()
        };
        let found = tables_among(&names, &wanted).names;
        assert_eq!(
            found,
            nearmiss::dataset::tables(root.path(), &wanted)
                .unwrap()
                .names
        );
        assert!(!found.is_empty());
    }
    let (_, files, all) = cut(root.path(), &Wanted::default(), 9);
    let whole = nearmiss::dataset::open(root.path(), &Task::detached()).unwrap();
    agree(&whole, &opened(root.path(), &files, &all), &all.about);
}
