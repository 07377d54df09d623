// Puts the page and the OpenAPI document of this folder into the binary. The only Swift here.

/// The files of the control plane's page, and its OpenAPI document.
package enum ControlPlaneFile {
    package static var page: [UInt8] { PackageResources.page_html }
    package static var signedOut: [UInt8] { PackageResources.signed_out_html }
    package static var css: [UInt8] { PackageResources.page_css }
    package static var script: [UInt8] { PackageResources.page_js }
    package static var icon: [UInt8] { PackageResources.page_svg }
    package static var openAPI: [UInt8] { PackageResources.openapi_json }
}
