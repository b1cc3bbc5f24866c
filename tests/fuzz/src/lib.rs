//! What the fuzz targets share: scratch files, faults that must not stay quiet, what holds of every dataset.
//!
//! A target is one file in `targets/`, one line in `Cargo.toml`; its seeds are a function in [`seeds`]. A fault is a
//! panic of the program's own code, contained or not; a panic of a library that nobody contains; an abort; a case of
//! over ten seconds; memory of over 2 GB; and an invariant that does not hold.

pub mod datasets;
pub mod protobuf;
pub mod seeds;

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be allocated at a time.
const MEMORY: usize = 2 << 30;

/// The system's allocator, on a machine of [`MEMORY`] bytes.
struct Limited(AtomicUsize);

#[global_allocator]
static LIMITED: Limited = Limited(AtomicUsize::new(0));

// SAFETY: everything is done by the system's allocator, or refused.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.0.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > MEMORY {
            self.0.fetch_sub(layout.size(), Ordering::Relaxed);
            return std::ptr::null_mut();
        }
        // SAFETY: as this function's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if self.0.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > MEMORY {
            self.0.fetch_sub(layout.size(), Ordering::Relaxed);
            return std::ptr::null_mut();
        }
        // SAFETY: as this function's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        self.0.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as this function's.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Begins a target. With `NEARMISS_FUZZ_SEEDS=FOLDER` it writes its seeds there and ends.
pub fn start(seeds: fn() -> Vec<Vec<u8>>) {
    if let Some(folder) = std::env::var_os("NEARMISS_FUZZ_SEEDS") {
        for (i, seed) in seeds().iter().enumerate() {
            std::fs::write(Path::new(&folder).join(format!("seed-{i:03}")), seed)
                .expect("the folder of seeds");
        }
        std::process::exit(0);
    }
    // The program's hook keeps contained panics quiet and is made by the first of them: it comes before ours.
    let _ = nearmiss::task::contained(|| ());
    let shown = take_hook();
    set_hook(Box::new(move |panic| {
        if is_own(panic) {
            eprintln!("{panic}\n{}", Backtrace::force_capture());
            std::process::abort();
        }
        // Ends the process too, unless it is contained.
        shown(panic);
    }));
}

/// Is it the program's own code that panics? The standard library's panics are its caller's.
fn is_own(panic: &PanicHookInfo<'_>) -> bool {
    let file = panic.location().map_or("", |place| place.file());
    if file.contains("/registry/src/") {
        return false;
    }
    if !file.starts_with("/rustc/") && !file.starts_with("library/") {
        return true;
    }
    let trace = Backtrace::force_capture().to_string();
    let called = trace
        .lines()
        .filter_map(|line| line.trim().split_once(": "));
    let known = [
        "std",
        "core",
        "alloc",
        "rust_",
        "__rust",
        "nearmiss_fuzz::start",
        "nearmiss_fuzz::is_own",
    ];
    let own = |name: &str| name.trim_start_matches('<').to_owned();
    let mut callers = called
        .map(|(_, name)| own(name))
        .filter(|name| !known.iter().any(|k| name.starts_with(k)));
    callers
        .next()
        .is_none_or(|name| name.starts_with("nearmiss"))
}

/// The target's folder: `NEARMISS_FUZZ_FOLDER`, else one of its own in memory where the system has such a place.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let shared = Path::new("/dev/shm");
        let home = if shared.is_dir() {
            shared.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        let own = || home.join(format!("nearmiss-fuzz-{}", std::process::id()));
        let folder = std::env::var_os("NEARMISS_FUZZ_FOLDER").map_or_else(own, PathBuf::from);
        std::fs::create_dir_all(&folder).expect("a scratch folder");
        folder
    })
}

/// Writes `name` in [`folder`], or removes it.
pub fn put(name: &str, bytes: Option<&[u8]>) -> PathBuf {
    let path = folder().join(name);
    match bytes {
        Some(bytes) => std::fs::write(&path, bytes).expect("a scratch file"),
        None => {
            let _ = std::fs::remove_file(&path);
        }
    }
    path
}

/// Between the files of an input that is several.
pub const CUT: &[u8] = b"\n=====\n";

/// The files of an input, at most `N`; an empty one is none.
pub fn parts<const N: usize>(data: &[u8]) -> [Option<&[u8]>; N] {
    let mut rest = data;
    std::array::from_fn(|i| {
        let at = rest.windows(CUT.len()).position(|w| w == CUT);
        let (part, next) = match at {
            Some(at) if i + 1 < N => (&rest[..at], &rest[at + CUT.len()..]),
            _ => (rest, &[][..]),
        };
        rest = next;
        (!part.is_empty()).then_some(part)
    })
}
