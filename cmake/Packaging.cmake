# cpack -G DEB (in the build folder): a package for the Debian that it is built on.
set(CPACK_PACKAGE_NAME slim-images)  # Debian has another program that is called slim
set(CPACK_PACKAGE_VENDOR slim)
set(CPACK_PACKAGE_CONTACT "The slim authors <slim@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "makes container images minimal, and proves it")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "slim finds out what a container image needs in order to run, drops the rest,
and runs the original and the result side by side: a result that does not
behave the same is not written.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # which libraries, and which of their versions, dpkg-shlibdeps knows
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "runc | crun, uidmap")  # to run images with, and without root
set(CPACK_DEBIAN_PACKAGE_CONFLICTS slim)  # both have /usr/bin/slim
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "docker.io | podman")
set(CPACK_STRIP_FILES ON)
include(CPack)
