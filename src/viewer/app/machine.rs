//! Whether this machine can show anything, asked before the engine is started, so that the answer
//! is a sentence and not a panic.

#[cfg(target_os = "linux")]
use std::os::unix::net::UnixStream;

use super::options::Failure;

/// Checks for a display to open a window on.
pub(super) fn check_display() -> Result<(), Failure> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err(Failure::Environment(
            "there is no display: neither WAYLAND_DISPLAY nor DISPLAY is set. Start it from a \
             desktop, or draw a picture without one: `twinscope render TWIN.ron --png FILE`"
                .into(),
        ));
    }
    #[cfg(target_os = "linux")]
    {
        let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (wayland, x) = (value("WAYLAND_DISPLAY"), value("DISPLAY"));
        let answers = wayland.as_deref().is_some_and(wayland_answers)
            || x.as_deref().is_some_and(x_answers)
            // A socket that was handed over, by its number.
            || value("WAYLAND_SOCKET").is_some();
        if !answers {
            let named = [("WAYLAND_DISPLAY", wayland), ("DISPLAY", x)].into_iter();
            let named: Vec<String> = named
                .filter_map(|(name, value)| Some(format!("{name}={}", value?.escape_debug())))
                .collect();
            return Err(Failure::Environment(format!(
                "there is no display at {}: nothing answers there. Start it from a desktop, or draw a \
                 picture without one: `twinscope render TWIN.ron --png FILE`",
                named.join(" and ")
            )));
        }
    }
    Ok(())
}

/// Whether a Wayland compositor listens at that name.
#[cfg(target_os = "linux")]
fn wayland_answers(name: &str) -> bool {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").unwrap_or_default();
    // An absolute name stands for itself.
    UnixStream::connect(std::path::Path::new(&folder).join(name)).is_ok()
}

/// Whether an X server listens at a display such as `:0`, `localhost:10.0` or `unix:1`.
#[cfg(target_os = "linux")]
fn x_answers(display: &str) -> bool {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    let Some((host, number)) = x_display(display) else { return false };
    if !host.is_empty() && host != "unix" {
        // Whether another machine answers is found out by the connection itself.
        return host != "localhost"
            || std::net::TcpStream::connect(("localhost", 6000_u16.saturating_add(number)))
                .is_ok();
    }
    let path = format!("/tmp/.X11-unix/X{number}");
    UnixStream::connect(&path).is_ok()
        || SocketAddr::from_abstract_name(&path)
            .and_then(|address| UnixStream::connect_addr(&address))
            .is_ok()
}

/// Host and number of an X display.
#[cfg(target_os = "linux")]
fn x_display(display: &str) -> Option<(&str, u16)> {
    let (host, rest) = display.rsplit_once(':')?;
    let number = rest.split('.').next()?.parse().ok()?;
    Some((host, number))
}

/// Checks for a graphics card or a software renderer.
pub(super) fn check_renderer() -> Result<(), Failure> {
    let backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::all());
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    let instance = wgpu::Instance::new(descriptor);
    let adapter = bevy::tasks::block_on(instance.request_adapter(&Default::default()));
    match adapter {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Environment(format!(
            "there is nothing to draw with: no graphics card with Vulkan and no software \
             renderer ({error}). On Debian or Ubuntu `apt install mesa-vulkan-drivers` adds \
             both; `vulkaninfo --summary` shows what is found"
        ))),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_display_is_a_host_and_a_number() {
        assert_eq!(x_display(":0"), Some(("", 0)));
        assert_eq!(x_display("localhost:10.0"), Some(("localhost", 10)));
        assert_eq!(x_display("unix:1"), Some(("unix", 1)));
        assert_eq!(x_display("nonsense"), None);
        assert_eq!(x_display(":x"), None);
    }
}
