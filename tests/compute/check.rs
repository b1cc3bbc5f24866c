//! The comparison that a user can make of an engine with the CPU.

use super::*;
use nearmiss::compute::Kernel;
use nearmiss::compute::check::{Scale, compare};

/// Every kernel takes part but the one that paints on the window's own device.
#[test]
fn the_engine_at_hand_agrees_in_every_kernel() {
    let engine = choose(Choice::Gpu).expect("a Vulkan adapter (Debian: mesa-vulkan-drivers)");
    let task = Task::detached();
    let found = compare(&*engine, Scale::Small, 1, &task).expect("compared");
    for case in &found {
        assert!(case.agrees, "{case:?}");
        assert!(case.seconds > 0.0 && case.cpu_seconds > 0.0, "{case:?}");
    }
    assert_eq!(task.progress().done, found.len() as u64);
    let run = engine.kernels();
    let left: Vec<&str> = Kernel::ALL
        .iter()
        .map(|kernel| kernel.name())
        .filter(|name| !run.contains(name))
        .collect();
    assert_eq!(left, ["heatmap_texture"]);
    assert!(Cpu.kernels().is_empty());
}

/// `benches/gpu.sh` on whatever adapter there is, so that it works on the day that a real one is at hand.
#[cfg(unix)]
#[test]
fn the_script_for_a_graphics_processor_works() {
    let out = tempfile::tempdir().expect("a folder");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gpu.sh");
    let done = std::process::Command::new("bash")
        .args([
            script,
            "--small",
            "--binary",
            env!("CARGO_BIN_EXE_nearmiss"),
        ])
        .arg("--tests")
        .arg(std::env::current_exe().expect("this program"))
        .arg("--out")
        .arg(out.path())
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    let read = |name: &str| std::fs::read_to_string(out.path().join(name)).expect(name);
    let json = |name: &str| -> serde_json::Value { serde_json::from_str(&read(name)).expect(name) };
    let adapters = json("doctor.json")["adapters"]
        .as_array()
        .map_or(0, Vec::len);
    assert!(adapters > 0);
    let kernels = json("kernels.json");
    let cases = kernels["cases"].as_array().expect("cases");
    assert!(cases.len() > 20 && cases.iter().all(|case| case["agrees"] == true));
    assert!(read("window.txt").contains("frames of the matrix: 20, median "));
    // Without Python's numpy that row is left out, and the script says so.
    if !said.contains("rank.json: left out") {
        let row = &json("rank.json")["rows"][0];
        assert_eq!(row["size"], serde_json::json!([300, 1500, 64]));
        assert!(row["seconds"]["nearmiss"].as_f64().is_some_and(|s| s > 0.0));
    }
    let wrong = std::process::Command::new("bash")
        .args([script, "--larger"])
        .output();
    assert_eq!(wrong.expect("bash").status.code(), Some(2));
}
