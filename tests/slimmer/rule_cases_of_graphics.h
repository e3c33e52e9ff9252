// Rows for the rules of rules/graphics.json.
#pragma once

#include <vector>

#include "tests/slimmer/rule_case.h"

namespace slim {

inline std::vector<RuleCase> graphics_cases() {
  return {
      keeping("fontconfig", {a_file(lib + "libfontconfig.so.1")},
              {"/etc/fonts/fonts.conf", "/usr/share/fontconfig/conf.avail/10.conf",
               "/usr/share/fonts/a/b.ttf", "/var/cache/fontconfig/x.cache"},
              {"/usr/share/pixmaps/x.png"}, {a_file(lib + "libfreetype.so.6")}),
      keeping("imagemagick", {a_file(lib + "libMagickCore-6.Q16.so.6")},
              {lib + "ImageMagick-6.9.11/modules-Q16/coders/png.so", "/etc/ImageMagick-6/policy.xml",
               "/usr/share/ImageMagick-6/locale.xml"},
              {lib + "libpng16.so"}, {a_file(lib + "libMagick.so.1")}),
      keeping("gdk-pixbuf", {a_file(lib + "libgdk_pixbuf-2.0.so.0")},
              {lib + "gdk-pixbuf-2.0/2.10.0/loaders.cache", lib + "gdk-pixbuf-2.0/2.10.0/loaders/svg.so"},
              {lib + "gdk-pixbuf-2.0/gdk-pixbuf-query-loaders"}, {a_file(lib + "libgdk-3.so.0")}),
      keeping("gstreamer", {a_file(lib + "libgstreamer-1.0.so.0")},
              {lib + "gstreamer-1.0/libgstogg.so", lib + "gstreamer1.0/gstreamer-1.0/gst-plugin-scanner"},
              {lib + "libogg.so.0"}, {a_file(lib + "libgst.so.0")}),
      keeping("qt5", {a_file(lib + "libQt5Core.so.5")},
              {lib + "qt5/plugins/platforms/a.so", "/usr/share/qt5/translations/x.qm"},
              {lib + "qt5/mkspecs/x", lib + "qt6/plugins/a.so"}, {a_file(lib + "libQt5.so")}),
      keeping("qt6", {a_file(lib + "libQt6Core.so.6")}, {lib + "qt6/plugins/platforms/a.so"},
              {lib + "qt5/plugins/a.so"}, {a_file(lib + "libQt5Core.so.5")}),
      keeping("qml", {a_file(lib + "libQt5Qml.so.5")}, {lib + "qt5/qml/QtQuick/a.so"},
              {lib + "qt5/plugins/a.so"}, {a_file(lib + "libQt5Core.so.5")}),
      keeping("opengl", {a_file(lib + "libGLX.so.0")},
              {lib + "libGLX_mesa.so.0", lib + "libEGL_mesa.so.0", lib + "dri/swrast_dri.so",
               "/usr/share/glvnd/egl_vendor.d/50_mesa.json"},
              {lib + "libGLU.so.1"}, {a_file(lib + "libGLU.so.1.3")}),
      keeping("vulkan", {a_file(lib + "libvulkan.so.1")},
              {"/usr/share/vulkan/icd.d/lvp.json", "/etc/vulkan/icd.d/nvidia.json", lib + "libvulkan_lvp.so"},
              {"/usr/share/vulkan/registry/vk.xml"}, {a_file(lib + "libGL.so.1")}),
      keeping("opencl", {a_file(lib + "libOpenCL.so.1")}, {"/etc/OpenCL/vendors/a.icd"}, {"/etc/OpenCL/x"},
              {a_file(lib + "libGL.so.1")}),
      keeping("cuda-libraries", {a_file(lib + "libcublas.so.12")},
              {lib + "libcublasLt.so.12", lib + "libcudnn_ops_infer.so.8", lib + "libnvrtc-builtins.so.12.1"},
              {lib + "libcufft.so.11"}, {a_file(lib + "libcuda.so.1")}),
      of_image("cuda-driver-folders",
               {"/usr/local/cuda -> cuda-12.1", "/etc/ld.so.conf.d/nvidia.conf",
                "/usr/local/cuda-12.1/compat/libcuda.so.1", "/usr/local/nvidia/lib64/"},
               {}, {"/usr/local/cuda-12.1/bin/nvcc"}, scene({}, {"/usr/local/cuda-12.1/compat/libcuda.so.1"}),
               {"NVIDIA_VISIBLE_DEVICES=all"}),
  };
}

}  // namespace slim
