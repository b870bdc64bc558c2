//! Whether this machine can show anything, asked before the engine is started, so that the answer
//! is a sentence and not a panic.

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
    Ok(())
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
