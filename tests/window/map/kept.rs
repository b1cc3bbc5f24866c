//! Maps from files, maps kept beside others, and maps of what is no longer open.

use super::*;

#[test]
fn coordinates_are_written_read_and_refused() {
    let mut window = shown();
    let made = map(&window);
    let dataset = session(&window).dataset().cloned().expect("open");
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["map.csv", "map.parquet", "map.npy"] {
        let path = folder.path().join(name);
        let task = Task::detached();
        coordinates::write(&path, &made.map.points, 300, Some(&dataset), &task).expect("written");
        ask(&mut window, MapCommand::ImportFrom(path.clone()));
        let read = map(&window);
        assert_ne!(read.id, made.id, "{name}");
        assert_eq!(
            (&read.map.points, read.map.images),
            (&made.map.points, 300),
            "{name}"
        );
        assert_eq!(read.file.as_ref(), Some(&path));
        let (own, again) = (
            made.map.quality.expect("some"),
            read.map.quality.expect("some"),
        );
        assert!(
            (own.trustworthiness - again.trustworthiness).abs() < 1e-4,
            "{name}"
        );
    }
    // A workspace opens it again, from wherever it lies.
    let workspace = folder.path().join("w.json");
    let kept = &session(&window).workspace;
    assert_eq!(kept.map, Some(folder.path().join("map.npy")));
    kept.save(&workspace).expect("saved");
    let mut again = open(&workspace);
    click(&mut again, "Map");
    assert_eq!(map(&again).map.points, made.map.points);
    assert_eq!(map(&again).file, Some(folder.path().join("map.npy")));
    press(&mut again, "Lay out");
    assert_eq!(
        session(&again).workspace.map,
        None,
        "now it is laid out here"
    );
    // Of another set.
    let path = folder.path().join("other.csv");
    let task = Task::detached();
    coordinates::write(&path, &made.map.points[..900], 300, None, &task).expect("written");
    let before = map(&window);
    ask(&mut window, MapCommand::ImportFrom(path));
    assert!(
        errors(&window).iter().any(|e| e.contains("600 captions")),
        "{:?}",
        errors(&window)
    );
    assert_eq!(map(&window).id, before.id, "what was shown stays");
}

#[test]
fn a_map_is_kept_beside_the_next_one() {
    let mut window = shown();
    let first = map(&window);
    press(&mut window, "Keep beside");
    let mut options = map_of(&window).options.clone();
    options.of = nearmiss::map::Of::Images;
    ask(&mut window, MapCommand::SetOptions(Box::new(options)));
    ask(&mut window, MapCommand::LayOut);
    let kept = map_of(&window)
        .pinned
        .get(now(&window))
        .cloned()
        .expect("kept");
    assert_eq!(kept.shown.id, first.id);
    assert_eq!(map(&window).map.points.len(), 300);
    let both = window
        .query_all_by_label_contains("Map of 300 images")
        .count();
    assert_eq!(both, 2, "both are drawn");
    // One selection for both: captions too, though the second map has none.
    ask(
        &mut window,
        MapCommand::Choose {
            outline: Outline::Items(vec![4, 400]),
            mode: Mode::Replace,
            pinned: false,
        },
    );
    assert_eq!(chosen(&window), [4, 400]);
    assert_eq!(
        (map(&window).point(400), first.point(400)),
        (None, Some(400))
    );
    press(&mut window, "Take the kept map away");
    assert!(map_of(&window).pinned.get(now(&window)).is_none());
}

#[test]
fn a_map_goes_with_what_it_is_of() {
    let mut window = shown();
    ask(&mut window, MapCommand::Find("red".into()));
    ask(&mut window, MapCommand::ChooseFound);
    let folder = tempfile::tempdir().expect("a folder");
    for n in 0..3 {
        let picture = image::RgbImage::from_pixel(20, 20, image::Rgb([40 * n, 90, 200]));
        picture
            .save(folder.path().join(format!("{n}.png")))
            .expect("written");
    }
    let captions = "image,caption\n0.png,a blue one\n1.png,a green one\n2.png,a grey one\n";
    std::fs::write(folder.path().join("captions.csv"), captions).expect("written");
    perform(&mut window, Command::OpenPath(folder.path().to_path_buf()));
    window.step();
    settle(&mut window);
    assert_eq!(chosen(&window), Vec::<u32>::new());
    assert_eq!(map(&window).map.points.len(), 6);
    assert!(map_of(&window).found.get(now(&window)).is_none());
    assert_eq!(errors(&window), Vec::<String>::new());
}
